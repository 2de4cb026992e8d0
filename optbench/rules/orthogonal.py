"""Matrix rules whose steps are nearly orthogonal matrices: the descendants of Muon.

A matrix rule is called once a tensor, with views of it: see `optbench.define.optimizer`. Vectors
take AdamW's step, with the same rate, unless a rule says what else. Weights of nets are [inputs,
outputs], those of torch the other way round: `rows_are_outputs`.
"""

import math

from optbench.define import (
    Decay,
    Eps,
    Flag,
    Log,
    Momentum,
    Range,
    Search,
    SecondMoment,
    optimizer,
    span,
    sync,
)
from optbench.rules.matrix_algebra import frobenius_norm, orthogonalize
from optbench.rules.matrix_parts import (
    ADAMW,
    ORTHOGONALIZING,
    adamw_of_vectors,
    mean_square_of_row,
    rms_scale,
    shape_scale,
    sign_of,
    step_matrix,
)
from optbench.rules.moments import shares_and_corrections

NS_STEPS = Range(5.0, 1.0, 99.0, whole=True)
NS_EPS = Log(1e-7)


@optimizer(
    matrix=True,
    state=("m", "v"),
    memory={"by_row": "m", "by_column": "n"},
    buffers=ORTHOGONALIZING,
    lr=Log(1e-3),
    momentum=Momentum(0.95),
    neuron_beta=SecondMoment(0.95),
    weight_decay=Decay(0.1),
    ns_steps=NS_STEPS,
    ns_eps=NS_EPS,
    eps=Eps(1e-10),
    **ADAMW,
    nesterov=Flag(True),
    match_rms_adamw=Flag(True),
    rows_are_outputs=Flag(),
    source="Li et al. 2025, NorMuon, alg. 1 (arXiv 2510.05491); pytorch_optimizer.NorMuon",
)
def normuon(
    x, g, m, v, by_row, by_column, step, spare, gram, square, lr, momentum, neuron_beta,
    weight_decay, ns_steps, ns_eps, eps, match_rms_adamw, rows_are_outputs, fresh, of_m, of_g,
    fresh_neuron,
):  # fmt: skip
    """NorMuon: Muon whose step has, for each neuron, been divided by a running root mean square.

    The step is then given the root mean square 0.2, or without `match_rms_adamw` the norm that it
    had before and Muon's scale.
    """
    rows, columns = x.shape
    for i in range(rows):
        for j in span(columns):
            m[i, j] = momentum * m[i, j] + fresh * g[i, j]
            step[i, j] = of_m * m[i, j] + of_g * g[i, j]
    orthogonalize(step, int(ns_steps), ns_eps, spare, gram, square)
    norm_before = frobenius_norm(step)
    sync()
    if rows_are_outputs:
        for i in range(rows):
            mean = mean_square_of_row(step, i)
            by_row[i] = neuron_beta * by_row[i] + fresh_neuron * mean
            for j in span(columns):
                step[i, j] /= math.sqrt(by_row[i]) + eps
    else:
        for j in span(columns):
            mean = 0.0
            for i in range(rows):
                mean += step[i, j] * step[i, j] / rows
            by_column[j] = neuron_beta * by_column[j] + fresh_neuron * mean
            for i in range(rows):
                step[i, j] /= math.sqrt(by_column[j]) + eps
    sync()
    if match_rms_adamw:
        scale = rms_scale(step, eps)
    else:
        scale = norm_before / (frobenius_norm(step) + eps)
        scale *= shape_scale(rows, columns, False, rows_are_outputs)
    step_matrix(x, step, lr, weight_decay, scale)


normuon.vectors(adamw_of_vectors)


@normuon.uniform
def _(t, momentum, neuron_beta, beta1, beta2, nesterov):
    of_m, of_g = (momentum, 1 - momentum) if nesterov else (1.0, 0.0)
    return 1 - momentum, of_m, of_g, 1 - neuron_beta, *shares_and_corrections(t, beta1, beta2)


@optimizer(
    matrix=True,
    state=("m", "v"),
    buffers=ORTHOGONALIZING,
    lr=Log(1e-3),
    momentum=Momentum(0.95),
    step_beta=SecondMoment(0.95),
    weight_decay=Decay(0.1),
    ns_steps=NS_STEPS,
    ns_eps=NS_EPS,
    eps=Eps(1e-8),
    **ADAMW,
    sign=Flag(True),
    bias_correction=Flag(),
    source="Si, Zhang and Shen 2025, AdaMuon, alg. 1 (arXiv 2507.11005); pytorch_optimizer.AdaMuon",
)
def adamuon(
    x, g, m, v, step, spare, gram, square, lr, momentum, step_beta, weight_decay, ns_steps,
    ns_eps, eps, sign, fresh, fresh_step, c_step,
):  # fmt: skip
    """AdaMuon: Adam's second moment of the orthogonalized signs of the momentum.

    The step is given the root mean square 0.2. The paper's first version, which is that of the
    library, orthogonalizes the momentum itself (`sign` off) and corrects the second moment.
    """
    rows, columns = x.shape
    for i in range(rows):
        for j in span(columns):
            m[i, j] = momentum * m[i, j] + fresh * g[i, j]
            step[i, j] = sign_of(m[i, j]) if sign else m[i, j]
    orthogonalize(step, int(ns_steps), ns_eps, spare, gram, square)
    for i in range(rows):
        for j in span(columns):
            v[i, j] = step_beta * v[i, j] + fresh_step * step[i, j] * step[i, j]
            step[i, j] /= math.sqrt(v[i, j]) * c_step + eps
    sync()
    step_matrix(x, step, lr, weight_decay, rms_scale(step, eps))


adamuon.vectors(adamw_of_vectors)


@adamuon.uniform
def _(t, momentum, step_beta, beta1, beta2, bias_correction):
    root = 1 / math.sqrt(1 - step_beta**t) if bias_correction else 1.0
    return 1 - momentum, 1 - step_beta, root, *shares_and_corrections(t, beta1, beta2)


@optimizer(
    matrix=True,
    state=("m", "v"),
    memory={"squares": "k"},
    buffers=ORTHOGONALIZING,
    lr=Log(1e-2),
    momentum=Momentum(0.95),
    norm_limit=Range(1.0, 0.0, open_low=True, search=Search(1e-2, 1e2)),
    norm_start=Range(1.0, 0.0, open_low=True, search=Search(1e-3, 1e1)),
    least_rate=Range(1e-6, 0.0),
    weight_decay=Decay(0.0),
    ns_steps=NS_STEPS,
    ns_eps=NS_EPS,
    **ADAMW,
    match_rms_adamw=Flag(),
    rows_are_outputs=Flag(),
    source="Zhang, Liu and Schaeffer 2025, AdaGrad meets Muon, alg. 1 (arXiv 2509.02981)",
)
def adago(
    x, g, m, v, squares, step, spare, gram, square, lr, momentum, norm_limit, least_rate,
    weight_decay, ns_steps, ns_eps, match_rms_adamw, rows_are_outputs, fresh, first_square,
):  # fmt: skip
    """AdaGO: Muon whose rate is that of AdaGrad with norms, of gradients limited to `norm_limit`.

    `norm_start` is the v_0 of the paper, `least_rate` its epsilon; with a rate of 0 nothing moves.
    """
    rows, columns = x.shape
    for i in range(rows):
        for j in span(columns):
            m[i, j] = momentum * m[i, j] + fresh * g[i, j]
            step[i, j] = m[i, j]
    length = frobenius_norm(g)
    limited = min(length, norm_limit) + 0.0 * length
    sync()
    squares[0] += limited * limited
    sync()
    floor = least_rate if lr > 0.0 else 0.0
    rate = max(floor, lr * limited / math.sqrt(first_square + squares[0]))
    orthogonalize(step, int(ns_steps), ns_eps, spare, gram, square)
    scale = rate * shape_scale(rows, columns, match_rms_adamw, rows_are_outputs)
    for i in range(rows):
        for j in span(columns):
            x[i, j] -= lr * weight_decay * x[i, j] + scale * step[i, j]
    sync()


adago.vectors(adamw_of_vectors)


@adago.uniform
def _(t, momentum, norm_start, beta1, beta2):
    return 1 - momentum, norm_start * norm_start, *shares_and_corrections(t, beta1, beta2)


@optimizer(
    matrix=True,
    state=("m", "v", "before"),
    buffers=ORTHOGONALIZING,
    lr=Log(3e-3),
    momentum=Momentum(0.95),
    gamma=Range(0.025, 0.0, search=Search(1e-3, 1.0)),
    weight_decay=Decay(0.0),
    ns_steps=NS_STEPS,
    ns_eps=Log(1e-8),
    **ADAMW,
    rows_are_outputs=Flag(),
    source="Yuan et al. 2024, MARS, alg. 4 (arXiv 2411.10438); pytorch_optimizer.MARS",
)
def mars_shampoo(
    x, g, m, v, before, step, spare, gram, square, lr, momentum, weight_decay, ns_steps, ns_eps,
    rows_are_outputs, fresh, unfresh, ahead,
):  # fmt: skip
    """MARS-Shampoo: Muon of gradients with a share of their change, of norm 1 at most.

    That is the approximate form, which takes the gradient before on the batch before.
    """
    rows, columns = x.shape
    for i in range(rows):
        for j in span(columns):
            step[i, j] = g[i, j] + ahead * (g[i, j] - before[i, j])
            before[i, j] = g[i, j]
    sync()
    longest = max(1.0, frobenius_norm(step))
    sync()
    for i in range(rows):
        for j in span(columns):
            m[i, j] = momentum * m[i, j] + fresh * (step[i, j] / longest)
            step[i, j] = unfresh * m[i, j]
    orthogonalize(step, int(ns_steps), ns_eps, spare, gram, square)
    step_matrix(x, step, lr, weight_decay, shape_scale(rows, columns, False, rows_are_outputs))


mars_shampoo.vectors(adamw_of_vectors)


@mars_shampoo.uniform
def _(t, momentum, gamma, beta1, beta2):
    fresh = 1 - momentum
    return fresh, 1 / fresh, gamma * momentum / fresh, *shares_and_corrections(t, beta1, beta2)

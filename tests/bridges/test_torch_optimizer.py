"""Rules as optimizers of torch, beside torch's own on a small net; groups, schedulers, errors."""

import functools
from unittest import mock

import numpy as np
import pytest

import optbench
from optbench.errors import UserError
from tests.tolerance import assert_within, rounding

pytestmark = pytest.mark.conformance
torch = pytest.importorskip("torch")

from torch.optim import lr_scheduler  # noqa: E402

from tests.bridges.small_nets import Training, flat  # noqa: E402

DTYPES = [torch.float64, torch.float32]
STEPS = 12
OPERATIONS = 60
"""Roundings of a step, on the longest way."""
PEERS = {
    "gd": (torch.optim.SGD, {}),
    "gd[l2=0.1]": (torch.optim.SGD, dict(weight_decay=0.1)),
    "momentum": (torch.optim.SGD, dict(momentum=0.9)),
    "momentum[dampening=0.3]": (torch.optim.SGD, dict(momentum=0.9, dampening=0.3)),
    "nesterov": (torch.optim.SGD, dict(momentum=0.9, nesterov=True)),
    "adam": (torch.optim.Adam, {}),
    "adam[beta1=0.5,eps=0.01,l2=0.1]": (
        torch.optim.Adam, dict(betas=(0.5, 0.999), eps=0.01, weight_decay=0.1),
    ),
    "amsgrad": (torch.optim.Adam, dict(amsgrad=True)),
    "adamw": (torch.optim.AdamW, {}),
    "adam[decay=0.2]": (torch.optim.AdamW, dict(weight_decay=0.2)),
    "adamax": (torch.optim.Adamax, {}),
    "nadam": (torch.optim.NAdam, {}),
    "radam": (torch.optim.RAdam, {}),
    "rmsprop": (torch.optim.RMSprop, {}),
    "rmsprop[momentum=0.9,centered=1]": (torch.optim.RMSprop, dict(momentum=0.9, centered=True)),
    "adagrad[lr_decay=0.1]": (torch.optim.Adagrad, dict(lr_decay=0.1)),
    "adadelta": (torch.optim.Adadelta, {}),
    "rprop": (torch.optim.Rprop, {}),
}  # fmt: skip


@pytest.fixture(autouse=True)
def torchs_own_scalars():
    """torch keeps products of betas in its default dtype: let that be the wider one."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


class Pair:
    """Ours on one net, torch's on another, both handed the gradients of the first."""

    def __init__(self, dtype=torch.float64, bias=True):
        self.ours, self.theirs = Training(dtype, bias), Training(dtype, bias)
        self.dtype = str(dtype).removeprefix("torch.")
        self.way, self.steps = np.abs(flat(self.ours.params)), 0

    def step(self, own, peer, operations=OPERATIONS):
        before = flat(self.ours.params)
        self.ours.loss()
        for p, q in zip(self.ours.params, self.theirs.params, strict=True):
            q.grad = p.grad.clone()
        own.step()
        peer.step()
        after = flat(self.ours.params)
        self.way, self.steps = self.way + np.abs(after - before), self.steps + 1
        assert np.any(after != before)
        bound = rounding(operations * self.steps, self.way, dtype=self.dtype)
        assert_within(after, flat(self.theirs.params), bound)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("spec", PEERS)
def test_each_step_is_that_of_torch(spec, dtype):
    peer_class, settings = PEERS[spec]
    pair = Pair(dtype)
    own = optbench.as_torch(spec)(pair.ours.params, lr=0.02)
    peer = peer_class(pair.theirs.params, lr=0.02, **settings)
    for _ in range(STEPS):
        pair.step(own, peer)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("nesterov", [True, False])
def test_muon_is_that_of_torch_once_torch_orthogonalises_as_exactly(dtype, nesterov):
    pair = Pair(dtype, bias=False)  # torch's takes matrices alone
    Muon = optbench.as_torch("muon", rows_are_outputs=True, nesterov=nesterov)
    own = Muon(pair.ours.params, lr=0.02)
    peer = torch.optim.Muon(pair.theirs.params, lr=0.02, nesterov=nesterov)
    with mock.patch.object(torch.Tensor, "bfloat16", torch.Tensor.clone):
        for _ in range(STEPS):
            # A small singular value, and its error, grows by up to 3.4445 in each of 5 iterations.
            pair.step(own, peer, operations=OPERATIONS * 3.4445**5)


def test_groups_have_their_own_rate_and_settings():
    pair = Pair()
    own, peer = (
        make([{"params": params[:2], "lr": 0.1}, {"params": params[2:], **betas}], lr=0.01)
        for make, params, betas in (
            (optbench.as_torch("adam"), pair.ours.params, dict(beta1=0.5)),
            (torch.optim.Adam, pair.theirs.params, dict(betas=(0.5, 0.999))),
        )
    )
    for _ in range(STEPS):
        pair.step(own, peer)


def test_a_norm_is_that_of_its_group():
    training, twin = Training(), Training()
    Clipped = optbench.as_torch("gd[clip_norm=0.01]")
    own = Clipped([{"params": training.params[:2]}, {"params": training.params[2:]}], lr=0.1)
    training.loss()
    twin.loss()
    own.step()
    for half in (twin.params[:2], twin.params[2:]):
        torch.nn.utils.clip_grad_norm_(half, 0.01)
    torch.optim.SGD(twin.params, lr=0.1).step()
    # torch adds 1e-6 to the norm.
    np.testing.assert_allclose(flat(training.params), flat(twin.params), rtol=1e-6)


def test_a_group_may_come_later():
    pair = Pair()
    own = optbench.as_torch("adam")(pair.ours.params[:2], lr=0.1)
    peer = torch.optim.Adam(pair.theirs.params[:2], lr=0.1)
    for training, optimizer in ((pair.ours, own), (pair.theirs, peer)):
        training.loss()
        optimizer.step()
        optimizer.add_param_group({"params": training.params[2:], "lr": 0.03})
    for _ in range(STEPS):
        pair.step(own, peer)
    assert [group["lr"] for group in own.param_groups] == [0.1, 0.03]


@pytest.mark.parametrize(
    "schedule",
    [
        functools.partial(lr_scheduler.StepLR, step_size=3, gamma=0.5),
        functools.partial(lr_scheduler.CosineAnnealingLR, T_max=STEPS + 1),
        functools.partial(lr_scheduler.OneCycleLR, max_lr=0.1, total_steps=STEPS + 1),
    ],
    ids=["step", "cosine", "one cycle, which moves the momentum too"],
)
def test_schedulers_of_torch_act_on_it(schedule):
    pair = Pair()
    own = optbench.as_torch("momentum")(pair.ours.params, lr=0.02)
    peer = torch.optim.SGD(pair.theirs.params, lr=0.02, momentum=0.9)
    schedulers, rates = [schedule(own), schedule(peer)], set()
    for _ in range(STEPS):
        pair.step(own, peer)
        for scheduler in schedulers:
            scheduler.step()
        assert own.param_groups[0]["lr"] == peer.param_groups[0]["lr"]
        rates.add(own.param_groups[0]["lr"])
    assert len(rates) >= 4


def test_sam_goes_up_and_takes_its_gradient_there():
    training, twin = Training(), Training()
    own = optbench.as_torch("gd[sam_rho=0.1]")(training.params, lr=0.05)
    first = own.step(training.loss)
    start, gradient = training.points[0], training.gradients[0]
    above = start + 0.1 * gradient / (np.linalg.norm(gradient) + 1e-12)  # as in its authors' code
    assert_within(training.points[1], above, rounding(OPERATIONS, start))
    torch.nn.utils.vector_to_parameters(torch.from_numpy(above), twin.params)
    twin.loss()
    expected = start - 0.05 * twin.gradients[0]
    size = np.abs(start).sum()  # each gradient is a sum over the whole net
    assert_within(flat(training.params), expected, rounding(OPERATIONS, size))
    assert float(first.detach()) == training.values[0] and len(training.values) == 2


def test_polyaks_step_is_made_of_the_loss():
    training = Training()
    optbench.as_torch("polyak")(training.params).step(training.loss)
    (start,), (gradient,), (value,) = training.points, training.gradients, training.values
    expected = start - min(1.0, value / (gradient @ gradient)) * gradient
    np.testing.assert_allclose(flat(training.params), expected, rtol=1e-13)


def params(*dtypes):
    return [torch.ones(2, dtype=dtype, requires_grad=True) for dtype in dtypes or [torch.float64]]


def comes_and_goes(first, then):
    training = Training()
    own = optbench.as_torch("adam")(training.params)
    for present in (first, then):
        training.loss()
        training.params[0].grad = training.params[0].grad if present else None
        own.step()


def stepped(spec, times=1, **settings):
    (p,) = params()
    own = optbench.as_torch(spec)([p], **settings)
    for _ in range(times):
        p.grad = torch.ones_like(p)
        own.step()
    return own


def mixed():
    both = params(*DTYPES)
    for p in both:
        p.grad = torch.ones_like(p)
    optbench.as_torch("adam")(both).step()


def stepped_after_eval():
    own = stepped("schedule_free_sgd")
    own.eval()
    own.step()


def flag_on_the_way():
    own = stepped("rmsprop")
    own.param_groups[0]["centered"] = 1.0
    own.step()


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (lambda: optbench.as_torch("adam")(params(torch.bfloat16)), "bfloat16; rules run in float"),
        (mixed, "param group 0 mixes torch.float32, torch.float64: give each dtype a group"),
        (lambda: comes_and_goes(True, False), "has no gradient in this step, but had one in"),
        (lambda: comes_and_goes(False, True), "has a gradient in this step, but had none in"),
        (lambda: stepped("gd[sam_rho=0.1]"), "takes 2 gradients a step: call step(closure)"),
        (lambda: stepped("polyak"), "polyak looks at the loss: call step(closure)"),
        (lambda: stepped("adam", beta3=0.5), "adam has no hyperparameter 'beta3'"),
        (lambda: stepped("adam", lr=-1.0), "lr = -1.0 is outside its range"),
        (lambda: stepped("adam", steps=0), "as_torch: steps"),
        (lambda: stepped("gd[schedule=cosine]"), "depends on the number of steps of the whole run"),
        (lambda: stepped("gd[schedule=cosine]", 3, steps=2), "given steps = 2"),
        (stepped_after_eval, "the reported point is in the parameters since eval(); call train()"),
        (flag_on_the_way, "centered cannot change in the middle of a run"),
        (lambda: optbench.as_torch("adma"), "unknown optimizer 'adma'"),
        (lambda: optbench.as_torch("torch:Adam"), "an optimizer of another library already"),
        (lambda: optbench.as_torch("gd[centralise=1]"), "centralisation is for surfaces"),
    ],
)  # fmt: skip
def test_what_cannot_be_says_why(attempt, message):
    with pytest.raises(UserError) as caught:
        attempt()
    assert message in str(caught.value) and "\n" not in str(caught.value)

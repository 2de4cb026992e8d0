"""Schedules against torch's own (stored where torch is heavy), optax and closed forms."""

import math
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import optbench
from optbench.cli.main import main
from optbench.errors import SettingError
from optbench.rules.schedules import SCHEDULES
from optbench.study.pairs import expand
from optbench.study.schema import Study
from optbench.study.tuning import first_cell

STORED = np.load(Path(__file__).parent.parent / "oracles" / "schedules.npz")
STEPS = 200
TORCH = {
    # text of the settings: how torch's scheduler is made, by its class and arguments
    "step": ("StepLR", dict(step_size=60)),
    "step,schedule_period=0.1,schedule_gamma=0.7": ("StepLR", dict(step_size=20, gamma=0.7)),
    "exponential,schedule_gamma=0.97": ("ExponentialLR", dict(gamma=0.97)),
    "linear": ("LinearLR", dict(start_factor=1.0, end_factor=0.0, total_iters=STEPS)),
    "linear,schedule_final=0.2": (
        "LinearLR",
        dict(start_factor=1.0, end_factor=0.2, total_iters=STEPS),
    ),
    "polynomial": ("PolynomialLR", dict(total_iters=STEPS)),
    "polynomial,schedule_power=2.5": ("PolynomialLR", dict(total_iters=STEPS, power=2.5)),
    "cosine": ("CosineAnnealingLR", dict(T_max=STEPS)),
    "cosine,schedule_final=0.1": ("CosineAnnealingLR", dict(T_max=STEPS, eta_min=0.1)),
    "cosine_restarts": ("CosineAnnealingWarmRestarts", dict(T_0=50)),
    "cosine_restarts,schedule_period=0.1,schedule_growth=2,schedule_final=0.3": (
        "CosineAnnealingWarmRestarts",
        dict(T_0=20, T_mult=2, eta_min=0.3),
    ),
    "one_cycle": ("OneCycleLR", dict(max_lr=1.0, total_steps=STEPS, cycle_momentum=False)),
    "one_cycle,schedule_pct_start=0.5,schedule_div_factor=4,schedule_final_div_factor=10": (
        "OneCycleLR",
        dict(max_lr=1.0, total_steps=STEPS, cycle_momentum=False, pct_start=0.5, div_factor=4.0,
             final_div_factor=10.0),
    ),
}  # fmt: skip
RISE = 20
WARMED = {
    "warmup=0.1": None,
    "schedule=cosine,warmup=0.1": ("CosineAnnealingLR", dict(T_max=STEPS - RISE)),
    "schedule=polynomial,schedule_power=2,warmup=0.1": (
        "PolynomialLR",
        dict(total_iters=STEPS - RISE, power=2.0),
    ),
}


def factors(inside, steps=STEPS):
    """Return the factors of `gd[inside]`."""
    return optbench.optimizer(f"gd[{inside}]").uniform_table(steps)[:, 0]


def torch_factors(name_and_arguments, warmed=False):
    """Return the rates that torch's scheduler gives from a rate of 1."""
    import torch

    schedulers = torch.optim.lr_scheduler
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    name, arguments = name_and_arguments or ("ConstantLR", dict(factor=1.0))
    if warmed:
        rise = schedulers.LinearLR(optimizer, start_factor=1 / (RISE + 1), total_iters=RISE)
        after = getattr(schedulers, name)(optimizer, **arguments)
        scheduler = schedulers.SequentialLR(optimizer, [rise, after], [RISE])
    else:
        scheduler = getattr(schedulers, name)(optimizer, **arguments)
    rates = []
    for step in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if step < STEPS - 1:
            scheduler.step()
    return np.array(rates)


def all_torch_factors():
    """Return every case's factors by torch: what the oracle file holds."""
    plain = {f"schedule={inside}": torch_factors(scheduler) for inside, scheduler in TORCH.items()}
    return plain | {inside: torch_factors(scheduler, True) for inside, scheduler in WARMED.items()}


@pytest.mark.parametrize("inside", [*(f"schedule={inside}" for inside in TORCH), *WARMED])
def test_equals_stored_torch(inside):
    np.testing.assert_allclose(factors(inside), STORED[inside], rtol=1e-12, atol=1e-14)


@pytest.mark.conformance
def test_stored_torch_is_torch():
    live = all_torch_factors()
    assert set(live) == set(STORED.files) - {"made_by"}
    for inside, rates in live.items():
        np.testing.assert_allclose(rates, STORED[inside], rtol=1e-13, err_msg=inside)


@pytest.mark.conformance
def test_wsd_and_inverse_equal_optax():
    import optax

    optimizer = "schedule=wsd,warmup=0.1,schedule_cooldown=0.25,schedule_final=0.1"
    joined = optax.join_schedules(
        [
            optax.linear_schedule(1 / 21, 1.0, 20),
            optax.constant_schedule(1.0),
            optax.linear_schedule(1.0, 0.1, 45),
        ],
        [20, 20 + 135],
    )
    expected = [float(joined(k)) for k in range(STEPS)]
    np.testing.assert_allclose(factors(optimizer), expected, rtol=1e-6)


CLOSED = {
    "schedule=constant": lambda k: 1.0,
    "schedule=inverse": lambda k: 1 / (k + 1),
    "schedule=inverse,schedule_decay=0.1": lambda k: 10 / (10 + k),
    "schedule=inverse_sqrt": lambda k: (k + 1) ** -0.5,
    "schedule=inverse_sqrt,schedule_decay=0.1": lambda k: math.sqrt(10 / (10 + k)),
    # Chen et al. 2022: (1 - z) / (1/2 + (1 - z) / 2) with z = k / steps, here times 2 / 2
    "schedule=rex": lambda k: 2 * (STEPS - k) / (2 * STEPS - k),
    "schedule=wsd,warmup=0,schedule_cooldown=0.5": lambda k: min(1.0, (STEPS - k) / 100),
    "schedule=wsd": lambda k: min((k + 1) / 11, 1.0, (STEPS - k) / 38),
}


@pytest.mark.parametrize("inside", CLOSED)
def test_equals_closed_form(inside):
    expected = [CLOSED[inside](k) for k in range(STEPS)]
    np.testing.assert_allclose(factors(inside), expected, rtol=1e-13)


def test_every_schedule_is_compared():
    compared = " ".join([*TORCH, *CLOSED]).replace("schedule=", "")
    assert all(name in compared for name in SCHEDULES)
    texts = " ".join([*TORCH, *CLOSED, *WARMED])
    for schedule in SCHEDULES.values():
        assert all(name in texts for name in schedule.hyper)


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("steps", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("warmup", [0.0, 0.3, 0.99])
def test_every_budget_gives_positive_factors_up_to_one(name, steps, warmup):
    rates = factors(f"schedule={name},warmup={warmup}", steps)
    assert rates.shape == (steps,)
    assert np.all((rates > 0.0) & (rates <= 1.0))


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_rule_follows_its_schedule(name):
    rng = np.random.default_rng(0)
    gradients, start = rng.standard_normal((30, 3)), rng.standard_normal(3)
    iterates = optbench.replay("gd", gradients, start, lr=0.5, schedule=name, warmup=0.2)
    rates = 0.5 * factors(f"schedule={name},warmup=0.2", 30)[:, None]
    expected = start - np.cumsum(rates * gradients, axis=0)
    np.testing.assert_allclose(iterates[1:], expected, rtol=1e-12, atol=1e-14)


def test_replay_in_two_parts_knows_the_whole_budget():
    rng = np.random.default_rng(0)
    gradients, start = rng.standard_normal((40, 3)), rng.standard_normal(3)
    spec = "adam[schedule=cosine,warmup=0.1,sam_rho=0.1]"
    whole = optbench.replay(spec, gradients, start)
    head, state = optbench.replay(spec, gradients[:13], start, steps=20, return_state=True)
    tail = optbench.replay(spec, gradients[13:], start, state=state)
    assert head.tobytes() + tail[1:].tobytes() == whole.tobytes()
    with pytest.raises(optbench.errors.UserError, match="steps = 19, but the gradients reach 20"):
        optbench.replay(spec, gradients, start, steps=19)


def test_minimize_takes_schedules_and_their_parameters_by_lane():
    apart = [
        optbench.minimize("gd", "sphere", steps=30, lr=0.1, schedule="cosine", warmup=w).f[0]
        for w in (0.0, 0.5)
    ]
    both = optbench.minimize(
        "gd", "sphere", steps=30, lanes=2, lr=0.1, schedule="cosine", warmup=[0.0, 0.5],
        start=optbench.problem("sphere").start,
    )  # fmt: skip
    np.testing.assert_array_equal(both.f, apart)
    text = optbench.minimize("gd[lr=0.1,schedule=cosine,warmup=0.5]", "sphere", steps=30)
    assert text.f[0] == apart[1]


def test_label_reads_back():
    optimizer = optbench.optimizer("adam[lr=1e-3,schedule=cosine,warmup=0.1,clip_norm=2]")
    again = optbench.optimizer(optimizer.label)
    assert (again.given, again.values) == (optimizer.given, optimizer.values)
    assert optimizer.label == "adam[lr=0.001,clip_norm=2,schedule=cosine,warmup=0.1]"


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        ("schedule=cosin", "adam: schedule = cosin is unknown; it is one of constant, step"),
        ("schedule=0.5", "adam: schedule = 0.5 is unknown; it is one of constant"),
        ("schedule=cosine,warmup=1", r"adam: warmup = 1.0 is outside its range \[0, 1\)"),
        ("warmup=nan", r"adam: warmup = nan must be a finite number: outside its range \[0, 1\)"),
        ("schedule=step,schedule_gamma=0", r"schedule_gamma = 0.0 is outside its range \(0, 1\]"),
        ("schedule=cosine,schedule_gamma=0.5", "the schedule cosine has warmup, schedule_final"),
        ("schedule_gamma=0.5", "give a schedule with it"),
        ("shedule=cosine", "did you mean schedule"),
    ],
)
def test_wrong_settings_are_named(inside, message):
    with pytest.raises(SettingError, match=message):
        optbench.optimizer(f"adam[{inside}]")


@pytest.mark.parametrize("name", SCHEDULES)
def test_parameters_outside_their_ranges_are_named(name):
    schedule = SCHEDULES[name]
    for setting, allowed in {"warmup": schedule.warmup, **schedule.hyper}.items():
        beyond = allowed.low if allowed.open_low else math.nextafter(allowed.low, -math.inf)
        for value in (math.nan, math.inf, beyond, allowed.low - 1.0):
            with pytest.raises(SettingError) as error:
                optbench.optimizer("gd").with_settings(schedule=name, **{setting: value})
            for part in ("gd", setting, str(value), str(allowed)):
                assert part in str(error.value)


@pytest.mark.parametrize(
    "spec", ["adam[schedule=cosin]", "adam[warmup=2]", "adam[cautious=0.5]", "gd[ema=2]"]
)
def test_wrong_settings_end_the_command_with_2(spec):
    done = CliRunner().invoke(main, ["run", "quick", "-o", spec, "--dry-run"])
    setting = spec.partition("[")[2].partition("=")[0]
    assert done.exit_code == 2 and setting in done.stderr


def test_toml_tables_are_settings(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'optimizers = ["gd", { name = "adam", lr = 1e-3, schedule = "cosine", warmup = 0.1 },\n'
        '  { name = "gd", schedule = "step" }]\nproblems = ["sphere"]\n'
    )
    study = Study.from_toml(path)
    assert study.optimizers == (
        "gd", "adam[lr=0.001,schedule=cosine,warmup=0.1]", "gd[schedule=step]"
    )  # fmt: skip


def test_a_given_rate_is_the_only_one_of_a_study(tmp_path):
    fields = dict(name="mine", problems=["sphere"], steps=10, seeds=2, lr=dict(count=3))
    study = Study(optimizers=["gd[lr=0.01,schedule=cosine]", "gd"], **fields)
    frames = optbench.load(optbench.run(study, tmp_path / "run"))
    fixed = frames["lanes"].query("optimizer == 'gd[lr=0.01,schedule=cosine]'")
    assert set(fixed["lr"]) == {0.01} and set(fixed["phase"]) == {"scoring"}
    free = frames["lanes"].query("optimizer == 'gd' and phase == 'tuning'")
    assert len(set(free["lr"])) >= 3


def test_cells_with_other_schedules_are_other_cells():
    def identity(optimizer):
        study = Study(name="mine", optimizers=[optimizer], problems=["booth"], steps=10)
        return first_cell(expand(study)[0][0], study).identity

    specs = ["gd", "gd[schedule=cosine]", "gd[schedule=cosine,warmup=0.2]", "gd[schedule=rex]"]
    assert len({identity(spec) for spec in specs}) == len(specs)

"""The section "Definitions" of the design, line by line: what the numbers mean."""

import numpy as np
import pytest

import optbench
from optbench.catalog.references import reference
from optbench.errors import UserError
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.records import record_steps
from optbench.lanes.simulating import simulate
from optbench.lanes.targets import TARGETS
from optbench.study import tuning
from optbench.study.cells import SCORING, TUNING, scoring_cell, tuning_cell
from optbench.study.computing import compute
from optbench.study.draws import scoring_draws, tuning_draws
from optbench.study.pairs import Pair, expand
from optbench.study.progress import Progress
from optbench.study.running import run_pairs
from optbench.study.schema import Study
from optbench.study.store import Store
from optbench.study.trials import rate_trials
from optbench.study.tuning import trials_of
from tests.surfaces import bowl, ridge, shaking_bowl, unknown_minimum, wall

GD, ADAM = optbench.optimizer("gd"), optbench.optimizer("adam")


def lanes(optimizer, definition, lr, steps, seeds=(0,), instance=None, **options):
    """Run lanes of one rate; options go to `simulate`."""
    problem = optbench.problem(definition, instance=instance)
    return simulate(
        problem,
        optbench.optimizer(optimizer),
        LaneInputs(problem.starts(seeds), problem.keys(seeds), np.full(len(seeds), lr)),
        Job(steps=steps, **options),
    )


def cell(definition=bowl, optimizer=GD, phase=TUNING, rates=(0.1, 0.2), budget=20, **changes):
    """Return a cell of a study that `changes` change."""
    fields = dict(tuning_instances=(1,), scoring_instances=(3, 4), seeds=2)
    study = Study(name="one", optimizers=["gd"], problems=["booth"], **{**fields, **changes})
    problem = optbench.problem(definition)
    pair = Pair(optimizer, problem, budget, changes.get("dtype", "float64"))
    trials = rate_trials(rates)
    if phase == TUNING:
        return tuning_cell(pair, study, trials)
    return scoring_cell(pair, study, trials, kept=(1,))


# ------------------------------------------------------------------- instances, seeds and starts


def test_every_optimizer_meets_the_same_starts_and_noise():
    first, second = (
        compute(cell(shaking_bowl, optbench.optimizer(name), phase=SCORING))[0]
        for name in ("sgd", "adam")
    )
    assert np.array_equal(first["f_start"], second["f_start"])
    problem = optbench.problem(shaking_bowl, instance=3)
    assert np.array_equal(
        problem.keys([1, 2]), optbench.problem(shaking_bowl, None, 3).keys([1, 2])
    )


def test_every_rate_meets_the_same_noise():
    """With rates that differ by 1e-12 the noise must not differ, so neither do the paths."""
    problem = optbench.problem(shaking_bowl)
    run = simulate(
        problem,
        optbench.optimizer("sgd"),
        LaneInputs(problem.starts([1, 1]), problem.keys([1, 1]), np.array([0.1, 0.1 + 1e-13])),
        Job(steps=50),
    )
    assert np.abs(run.x[0] - run.x[1]).max() < 1e-11
    other = lanes("sgd", shaking_bowl, 0.1, 50, seeds=(2,))
    assert np.abs(run.x[0] - other.x[0]).max() > 1e-3


def test_draws_depend_on_study_seed_problem_instance_and_seed_alone():
    problem = optbench.problem(bowl, instance=1)
    reference = problem.starts([1, 2, 3])
    assert np.array_equal(problem.starts([3, 1]), reference[[2, 0]])
    assert not np.array_equal(problem.starts([1], study_seed=1), reference[:1])
    relative = optbench.problem(bowl, instance=2).starts([1]) - problem.starts([1])
    assert np.abs(relative).max() > 1e-6


def test_an_instance_does_not_depend_on_another_or_on_seeds():
    alone = optbench.problem(bowl, instance=2).placement.shift
    optbench.problem(bowl, instance=1).starts([5])
    assert np.array_equal(optbench.problem(bowl, instance=2).placement.shift, alone)


def test_seed_0_starts_at_the_declared_start_and_others_in_the_box():
    problem = optbench.problem(bowl)
    starts = problem.starts(range(200))
    assert np.array_equal(starts[0], [1.0, -2.0])
    assert starts[1:].min() < -3.5 and starts[1:].max() > 3.5
    assert np.abs(starts[1:]).max() <= 4.0
    without_box = optbench.problem("booth").definition.box
    assert without_box is not None


def test_without_a_box_other_seeds_start_within_1_of_the_start():
    @optbench.define.problem(start=[10.0, 20.0])
    def no_box(x, g):
        g[0] = g[1] = 0.0
        return 0.0

    starts = optbench.problem(no_box).starts(range(1, 100))
    assert np.abs(starts - [10.0, 20.0]).max() <= 1.0


def test_the_box_does_not_constrain_the_search():
    run = lanes("gd", bowl, 1.05, 40)
    assert np.abs(run.x).max() > 4.0


def test_instances_shift_start_minimum_and_box_together_and_rotations_are_paired():
    plain, rotated = (
        optbench.problem(name, instance=3) for name in ("ellipsoid_1e4", "rotated_ellipsoid_1e4")
    )
    assert np.array_equal(plain.start, rotated.start)
    assert np.abs(plain.minimum).min() > 0
    for problem in (plain, rotated):
        assert problem.value(problem.minimum) == pytest.approx(0.0, abs=1e-20)
        assert np.abs(problem.grad(problem.minimum)).max() < 1e-9
    assert rotated.value(rotated.start) != pytest.approx(plain.value(plain.start))


# ------------------------------------------------------------------------------ tuning and scoring


def test_tuning_uses_instances_1_to_10_and_scoring_11_to_30_with_one_seed_each():
    study = Study(name="s", optimizers=("gd",), problems=({"name": "booth"},))
    problem = expand(study)[0][0].problem
    tuning, scoring = tuning_draws(problem, study), scoring_draws(problem, study)
    assert tuning.instance.tolist() == list(range(1, 11)) and set(tuning.seed) == {1}
    assert scoring.instance.tolist() == [0, *range(11, 31)]
    assert scoring.seed.tolist() == [0] + [1] * 20
    assert not {*tuning.instance} & {*scoring.instance}


def test_bbob_is_scored_on_the_instances_of_coco():
    study = Study(name="s", optimizers=("gd",), problems=("bbob_f01",))
    problem = expand(study)[0][0].problem
    assert tuning_draws(problem, study).instance.tolist() == list(range(101, 111))
    assert scoring_draws(problem, study).instance.tolist() == list(range(16))


def test_defaults_that_would_tune_and_score_on_the_same_are_refused():
    study = Study(name="s", optimizers=("gd",), problems=("bbob_f01",), tuning_instances=[3, 40])
    with pytest.raises(UserError, match=r"bbob_f01 \(d=2\): .* share 3: what tunes must not score"):
        expand(study)


def test_the_canonical_draw_is_the_published_problem_from_its_declared_start():
    study = Study(name="s", optimizers=("gd",), problems=("booth",))
    problem = optbench.problem("booth")
    draws = scoring_draws(problem, study)
    assert draws.instances[0] is problem
    assert np.array_equal(draws.starts[0], problem.start)


def test_several_seeds_are_draws_of_an_instance_of_their_own():
    study = Study(name="s", optimizers=("gd",), problems=("booth",), seeds=3, tuning_instances=[4])
    draws = tuning_draws(optbench.problem("booth"), study)
    assert draws.instance.tolist() == [4, 4, 4] and draws.seed.tolist() == [1, 2, 3]
    assert np.array_equal(draws.starts, optbench.problem("booth", instance=4).starts([1, 2, 3]))


def test_the_default_setting_is_one_more_trial_that_is_never_chosen():
    study = Study(name="s", optimizers=("adam",), problems=("booth",))
    trials = trials_of(ADAM, study)
    assert len(trials) == 32 and trials.number[-1] == -1
    assert trials.values["lr"][-1] == ADAM.lr == 1e-3
    one_rate = trials_of(optbench.optimizer("adam[lr=0.3]"), study)
    assert one_rate.values["lr"].tolist() == [0.3] and one_rate.number.tolist() == [0]


@pytest.mark.parametrize("name", ["booth", "noisy_quadratic", "softmax_iris"])
def test_every_trial_is_scored_where_lanes_are_cheap(tmp_path, name):
    study = Study(
        name="s", optimizers=["adam"], problems=[name], steps=20, lr=dict(count=5),
        tuning_instances=[1, 2], scoring_instances=[3, 4],
    )  # fmt: skip
    with Store(tmp_path) as store:
        run_pairs(expand(study)[0], study, store, 1)
        ((facts, scoring),) = [c for c in store.cells() if c[0]["phase"] == SCORING]
    assert scoring["f_final"].shape[0] == 3 and scoring["f_final"].shape[1] >= 6
    assert scoring["trial"][scoring["kept"]].tolist() == [facts["tuned"], -1]


def test_of_nets_the_tuned_and_the_default_trial_are_scored(tmp_path):
    study = Study(
        name="s", optimizers=["adam"], problems=["xor_sigmoid"], steps=20, lr=dict(count=3),
        tuning_instances=[1, 2], scoring_instances=[3, 4],
    )  # fmt: skip
    with Store(tmp_path) as store:
        run_pairs(expand(study)[0], study, store, 1)
        ((facts, scoring),) = [c for c in store.cells() if c[0]["phase"] == SCORING]
    assert scoring["trial"].tolist() == [facts["tuned"], -1]
    assert scoring["f_final"].shape == (3, 2) and scoring["f_final"].dtype == np.float32


def test_no_scoring_lane_chooses_anything(tmp_path, monkeypatch):
    """With other scoring instances every choice stays what it was."""

    def choices(folder, instances):
        study = Study(
            name="s", optimizers=["momentum", "adam"], problems=["booth", "noisy_quadratic"],
            steps=30, lr=dict(low=1e-4, high=1e-1, count=7), tuning_instances=[1, 2],
            scoring_instances=instances,
        )  # fmt: skip
        with Store(folder) as store:
            run_pairs(expand(study)[0], study, store, 1)
            names = ("optimizer", "label", "tuned", "extended", "at_edge")
            return [tuple(pair[name] for name in names) for pair in store.pairs()]

    assert choices(tmp_path / "a", [3, 4]) == choices(tmp_path / "b", [7, 8, 9])


@pytest.mark.parametrize("space", ["lr", "all"])
def test_scoring_results_replaced_at_random_change_no_choice(tmp_path, monkeypatch, space):
    study = Study(
        name="s", optimizers=["momentum", "adam"], problems=["booth", "noisy_quadratic"],
        steps=30, lr=dict(low=1e-4, high=1e-1, count=7), space=space,
        tuning_instances=[1, 2], scoring_instances=[3, 4],
    )  # fmt: skip
    rng = np.random.default_rng(0)

    def computed_at_random(cell, *rest):
        arrays, facts, layers = compute(cell, *rest)
        if cell.scoring:
            for name in ("f_final", "f_best", "hit", "hits", "status"):
                if name in arrays:
                    arrays[name] = rng.permutation(arrays[name].ravel()).reshape(arrays[name].shape)
            arrays["reached"] = rng.random(arrays["reached"].shape) < 0.5
        return arrays, facts, layers

    def choices(folder):
        with Store(folder) as store:
            run_pairs(expand(study)[0], study, store, 1)
            names = ("optimizer", "label", "tuned", "extended", "at_edge")
            return [
                tuple(facts[name] for name in names)
                for facts, _ in store.cells() if facts["phase"] == SCORING
            ]  # fmt: skip

    honest = choices(tmp_path / "honest")
    monkeypatch.setattr(tuning, "compute", computed_at_random)
    assert choices(tmp_path / "random") == honest and len(honest) == 4


def test_a_best_rate_at_the_edge_extends_the_grid_by_a_decade_and_is_flagged(tmp_path):
    study = Study(
        name="edge", optimizers=("gd",), problems=({"name": "booth"},), steps=30,
        lr={"low": 1e-4, "high": 1e-3, "count": 5},
    )  # fmt: skip
    with Store(tmp_path) as store:
        run_pairs(expand(study)[0], study, store, 1, Progress())
        stored = list(store.cells())
    tuning = [arrays for facts, arrays in stored if facts["phase"] == TUNING]
    rates = np.concatenate([arrays["lr"][arrays["trial"] >= 0] for arrays in tuning])
    assert rates.max() >= 1e-2 * (1 - 1e-12) and len(rates) in (9, 13)
    assert np.allclose(np.diff(np.log10(rates)), 0.25)
    ((facts, scoring),) = [cell for cell in stored if cell[0]["phase"] == SCORING]
    assert facts["extended"] == len(tuning) - 1 >= 1
    assert sorted(scoring["trial"]) == [-1, *range(len(rates))]
    assert (np.diff(scoring["lr"][:-1]) > 0).all() and scoring["trial"][-1] == -1


def test_a_grid_is_extended_twice_at_most(tmp_path):
    """On a slope without a bottom every larger rate is better."""

    @optbench.define.problem(start=[0.0], box=(-1.0, 1.0))
    def endless(x, g):
        g[0] = 1.0
        return x[0]

    study = Study(
        name="edge", optimizers=("gd",), problems=("booth",), steps=5,
        lr={"low": 1e-4, "high": 1e-3, "count": 3},
    )  # fmt: skip
    pair = Pair(GD, optbench.problem(endless), 5)
    with Store(tmp_path) as store:
        run_pairs([pair], study, store, 1, Progress())
        (facts,) = store.pairs()
    assert (facts["extended"], facts["at_edge"]) == (2, True)


# ------------------------------------------------------------------------- gaps, targets and hits


def test_hits_are_exact_and_follow_the_closed_form():
    """On f = |x|^2 the gap shrinks by (1 - 2 lr)^2 a step."""
    lr = 0.05
    run = lanes("gd", bowl, lr, 400, seeds=(0, 1, 2))
    expected = np.ceil(np.log(TARGETS) / (2 * np.log(1 - 2 * lr)) - 1e-9)
    assert np.array_equal(run.hits, np.tile(expected, (3, 1)))


def test_targets_below_the_rounding_of_the_reference_do_not_count():
    @optbench.define.problem(start=[1e-3], minimum=[0.0], f_min=1.0, box=(-1.0, 1.0))
    def lifted(x, g):
        g[0] = 2.0 * x[0]
        return 1.0 + x[0] * x[0]

    run = lanes("gd", lifted, 0.4, 200)
    floor = 100 * np.finfo(float).eps
    counts = TARGETS * (run.f_start[0] - 1.0) >= floor
    assert 0 < counts.sum() < len(TARGETS)
    assert np.array_equal(run.hits[0] >= 0, counts)
    assert run.status[0] == 0  # the last target that counts is hit


def test_targets_met_at_the_start_are_dropped():
    run = lanes("gd", ridge, 0.1, 5, seeds=(0,))
    at_minimum = simulate(
        optbench.problem(bowl),
        GD,
        LaneInputs(np.zeros((1, 2)), np.zeros(1, np.uint64), np.array([0.1])),
        Job(steps=5),
    )
    assert (at_minimum.hits == -1).all() and at_minimum.status[0] == 1
    assert (run.hits == -1).all()


def test_without_a_reference_there_are_no_targets():
    run = lanes("gd", unknown_minimum, 0.1, 5)
    assert run.hits.shape == (1, 0)
    assert reference(optbench.problem(unknown_minimum)).source == "none"


def test_stochastic_hits_are_taken_at_recorded_steps_from_the_noise_free_value():
    run = lanes("sgd", shaking_bowl, 0.1, 200, seeds=(1, 2, 3))
    recorded = record_steps(200)
    hit = run.hits[run.hits >= 0]
    assert len(hit) and np.isin(hit, recorded).all()
    problem = optbench.problem(shaking_bowl)
    assert np.allclose(run.f_final, problem.value(run.x), rtol=1e-13)


def test_hits_of_a_reported_iterate_are_exact():
    """Its value is looked at in every step, as that of x is."""
    run = lanes("schedule_free_sgd", bowl, 0.05, 100)
    averages = optbench.replay(
        "schedule_free_sgd", _closed_loop("schedule_free_sgd", 0.05, 100), [1.0, -2.0], lr=0.05
    )
    assert np.allclose(run.x[0], averages[-1], rtol=1e-9)
    assert run.f_final[0] == pytest.approx(optbench.problem(bowl).value(run.x[0]), rel=1e-13)
    shares = (averages**2).sum(axis=1) / 5.0
    expected = [int(np.argmax(shares <= target)) or -1 for target in TARGETS]
    assert np.array_equal(run.hits[0], expected)
    assert not np.isin(run.hits[run.hits > 0], record_steps(100)).all()


def _closed_loop(optimizer, lr, steps):
    """Gradients of the bowl at the query points, found one by one."""
    gradients = np.zeros((0, 2))
    for _ in range(steps):
        points = optbench.replay(optimizer, gradients, [1.0, -2.0], lr=lr, points="query")
        gradients = np.vstack([gradients, 2 * points[-1]])
    return gradients


# ---------------------------------------------------------------------------- budget and status


def test_sam_gets_half_the_steps_and_the_full_batch_its_share():
    def steps(spec, name="booth"):
        return Pair(optbench.optimizer(spec), optbench.problem(name), 1000).steps

    assert steps("adam") == 1000
    assert steps("adam[sam_rho=0.1]") == 500
    problem = optbench.problem("logistic_breast_cancer")
    examples, batch = problem.examples
    assert steps("gd", "logistic_breast_cancer") == 1000 * batch // examples
    assert steps("sgd", "logistic_breast_cancer") == 1000


def test_status_target_and_every_lane_runs_its_whole_budget():
    run = lanes("gd", bowl, 0.1, 300)
    assert run.status[0] == 0 and run.steps[0] == 300


def test_stop_at_target_ends_the_lane_there():
    run = lanes("gd", bowl, 0.1, 300, stop_at_target=True)
    assert run.status[0] == 0 and run.steps[0] == run.hits[0, -1] < 300
    x = 0.8 ** run.steps[0] * np.array([1.0, -2.0])
    assert np.allclose(run.x[0], x, rtol=1e-12)


def test_a_zero_gradient_alone_is_never_success():
    run = lanes("gd", ridge, 0.1, 50)
    assert run.status[0] == 1 and (run.hits == -1).all()


def test_status_budget():
    assert lanes("gd", bowl, 1e-3, 10).status[0] == 2


def test_a_diverging_lane_keeps_its_last_finite_point_and_its_step():
    run = lanes("gd", bowl, 1e200, 50)
    assert run.status[0] == 3
    assert np.isfinite(run.x).all()
    # f = 5 at the start; |x| grows by 2e200 a step: f overflows at x_1.
    assert run.steps[0] == 1 and np.abs(run.x).max() > 1e199


def test_f_not_finite_ends_the_lane_at_that_step():
    run = lanes("gd", wall, 51.0, 50)  # x: 1, -101, 10201: beyond the wall
    assert run.status[0] == 3 and run.steps[0] == 2 and run.x[0, 0] == pytest.approx(10201)


def test_diverging_lanes_leave_their_neighbours_alone():
    problem = optbench.problem(bowl)
    rates = np.array([0.1, 1e200, 0.1, 3.0])
    starts = np.tile(problem.starts([0]), (4, 1))
    run = simulate(problem, GD, LaneInputs(starts, np.zeros(4, np.uint64), rates), Job(steps=600))
    alone = lanes("gd", bowl, 0.1, 600)
    assert run.status.tolist() == [0, 3, 0, 3]
    assert np.array_equal(run.x[0], alone.x[0]) and np.array_equal(run.x[2], alone.x[0])


# --------------------------------------------------------------------------------- cells


CHANGES = [
    dict(optimizer=ADAM), dict(optimizer=GD.with_settings(clip_norm=1.0)), dict(definition=ridge),
    dict(tuning_instances=(2,)), dict(phase=SCORING), dict(rates=(0.1, 0.3)), dict(seeds=3),
    dict(dtype="float32"), dict(study_seed=1), dict(target=1e-3), dict(budget=21),
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
def test_a_cells_identity_is_a_hash_of_everything_that_determines_it(change):
    assert cell().identity == cell().identity
    assert cell(**change).identity != cell().identity


def test_tuning_cells_store_results_and_scoring_cells_curves_too():
    tuning, scoring = (compute(cell(phase=phase))[0] for phase in (TUNING, SCORING))
    assert "record_f" not in tuning and "record_x" not in tuning
    assert scoring["record_f"].shape == scoring["record_x"].shape[:3] == (5, 1, 21)
    flat = compute(cell(unknown_minimum, phase=SCORING))[0]
    assert "record_x" not in flat  # only in two dimensions


def test_same_bytes_whatever_the_threads_and_the_chunks(monkeypatch):
    from optbench.kernels.cpu import blocking

    def everything(threads):
        run = optbench.minimize("adam", shaking_bowl, steps=40, lanes=333, threads=threads)
        return b"".join(a.tobytes() for a in (run.x, run.f, run.best, run.records.f))

    reference = everything(1)
    assert everything(2) == reference
    monkeypatch.setattr(blocking, "CHUNK_LANES", 1)
    assert everything(2) == reference
    monkeypatch.setattr(blocking, "NEAR_BYTES", 1)
    assert everything(1) == reference

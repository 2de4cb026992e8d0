"""The section "Definitions" of the design on studies: what is tuned, scored, chosen and kept."""

import numpy as np
import pytest

import optbench
from optbench.errors import UserError
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
from tests.surfaces import bowl, ridge, shaking_bowl, unknown_minimum

GD, ADAM = optbench.optimizer("gd"), optbench.optimizer("adam")


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

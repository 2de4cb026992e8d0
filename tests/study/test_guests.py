"""Studies of guests: the same tables as of our rules, from workers that find the user's modules."""

import json
import re

import numpy as np
import pytest

import optbench
from optbench.study.fields import StudyError
from optbench.study.narrowing import Filters, narrowed
from optbench.study.pairs import expand
from optbench.study.schema import Study, read_study
from optbench.study.tuning import search_of, trials_of
from tests.command_line import call

pytestmark = pytest.mark.conformance

INSTANCES = dict(tuning_instances=(1, 2), scoring_instances=(3, 4, 5))
MINE = """
import torch

class Mine(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                s = self.state[p]
                if not s:
                    s.update(t=0, m=torch.zeros_like(p), v=torch.zeros_like(p))
                s["t"] += 1
                s["m"].lerp_(p.grad, 1 - group["betas"][0])
                s["v"].lerp_(p.grad**2, 1 - group["betas"][1])
                m, v = (s[n] / (1 - b ** s["t"]) for n, b in zip("mv", group["betas"]))
                p -= group["lr"] * m / (v + group["eps"]).sqrt()
"""


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "guest_of_mine.py").write_text(MINE)
    return folder


def test_the_tables_are_those_of_our_rules(tmp_path):
    """On a surface, with noise and on data: the same rates are tuned, the same values reached."""
    study = Study(
        name="guests", optimizers=["adam", "torch:Adam", "optax:adam"], steps=100,
        problems=["rosenbrock", "noisy_rosenbrock", "logistic_breast_cancer"],
        lr={"low": 1e-3, "high": 0.1, "count": 3}, **INSTANCES,
    )  # fmt: skip
    folder = optbench.run(study, tmp_path / "run", threads=1)
    frames = optbench.load(folder)
    assert not len(frames["skipped"])
    for name in ("convergence", "sensitivity", "lanes", "curves"):
        table = frames[name]
        parts = [part.drop(columns="optimizer") for _, part in table.groupby("optimizer")]
        assert len(parts) == 3 and len({len(part) for part in parts}) == 1
        assert len({str(part.dtypes.to_dict()) for part in parts}) == 1
    table = frames["convergence"].set_index(["optimizer", "label"])
    for guest in ("torch:Adam", "optax:adam"):
        np.testing.assert_array_equal(table.loc[guest]["lr"], table.loc["adam"]["lr"])
        np.testing.assert_allclose(
            table.loc[guest]["median_f"], table.loc["adam"]["median_f"], rtol=1e-9
        )
    page = (folder / "report" / "index.html").read_text()
    assert "run as torch and optax have them" in page


def test_what_is_given_as_a_range_is_searched_and_nothing_else(tmp_path, folder):
    name = "torch:guest_of_mine.Mine[beta1=0.8:0.99,eps=1e-4]"
    for space, others in (("lr", ()), ("all", ()), (["eps", "lr"], ()), (["beta2"], ())):
        study = Study(
            name="ranges", optimizers=[name, "adam"], problems=["booth"], steps=20, space=space,
            lr={"low": 1e-3, "high": 0.1, "count": 5}, **INSTANCES,
        )  # fmt: skip
        pair = expand(study, folder)[0][0]
        assert pair.optimizer.label == name.replace("1e-4", "0.0001")
        assert list(search_of(pair.optimizer, study)) == ["lr", "beta1", *others]
        trials = trials_of(pair.optimizer, study)
        ours = trials_of(expand(study, folder)[0][1].optimizer, study)
        assert len(trials) == len(ours)
        own = trials.values["beta1"][:-1]
        assert ((own >= 0.8) & (own <= 0.99)).all() and len(set(own)) == len(own)
        assert trials.values["beta1"][-1] == 0.9
    study = study.changed(space="lr")
    frames = optbench.load(optbench.run(study, tmp_path / "run", folders=folder, threads=1))
    table = frames["convergence"].set_index("optimizer")
    assert np.isfinite(table["median_f"]).all() and not len(frames["skipped"])


def test_one_is_named_without_a_plus():
    quick = read_study("quick")
    alone = narrowed(quick, Filters(optimizers=["torch:Adam[beta1=0.5]", "adam"]))
    assert list(alone.optimizers) == ["adam", "torch:Adam[beta1=0.5]"]
    beside = narrowed(quick, Filters(optimizers=["+torch:Adam"]))
    assert list(beside.optimizers) == [*quick.optimizers, "torch:Adam"]


def test_a_dry_run_says_what_is_searched_and_how_lanes_run():
    done = call("run", "quick", "-o", "torch:Adam[beta1=0.8:0.99]", "-o", "torch:SGD",
                "-p", "rosenbrock", "--dry-run")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert re.search(r"torch:Adam\[beta1=0.8:0.99\]: searches lr in .*, beta1 in \[0.8, 0.99\]; "
                     "fixed: beta2=0.999.*all lanes of a setting at once", done.output)  # fmt: skip
    assert "torch:SGD: searches lr in" in done.output


def test_a_module_that_changes_is_another_optimizer(tmp_path, folder):
    first = optbench.optimizer("torch:guest_of_mine.Mine", folder).rule.identity
    other = tmp_path / "other"
    other.mkdir()
    (other / "guest_of_mine_too.py").write_text(MINE + "# changed\n")
    assert optbench.optimizer("torch:guest_of_mine_too.Mine", other).rule.identity != first


def test_what_was_edited_in_a_notebook_is_run_anew(tmp_path, folder):
    """In one process, with workers that know the file as it was; what was not edited is kept."""
    study = Study(
        name="edited", optimizers=["torch:guest_of_mine.Mine", "adam"], problems=["booth"],
        steps=20, lr={"low": 1e-3, "high": 0.1, "count": 3}, **INSTANCES,
    )  # fmt: skip
    values, edits = [], (MINE, MINE, MINE.replace('p -= group["lr"]', 'p -= 2 * group["lr"]'))
    for text in edits:
        (folder / "guest_of_mine.py").write_text(text)
        run = optbench.run(study, tmp_path / "run", folders=folder, threads=1)
        frames = optbench.load(run)
        assert not len(frames["skipped"])
        values.append(frames["convergence"].set_index("optimizer")["median_f"])
        here = (
            optbench.minimize(
                "torch:guest_of_mine.Mine", "booth", steps=1, lr=0.1, folders=folder
            ).x[0]
            - optbench.problem("booth").start
        )
        np.testing.assert_allclose(np.abs(here), 0.1 * (1 + (text != MINE)), rtol=1e-3)
    first, again, edited = values
    assert (first == again).all() and first["adam"] == edited["adam"]
    assert first["torch:guest_of_mine.Mine"] != edited["torch:guest_of_mine.Mine"]


def test_what_raises_costs_its_own_pairs_alone(tmp_path):
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "guest_that_fails.py").write_text(
        MINE.replace('s["t"] += 1', 'raise ValueError("not today")')
    )
    out = tmp_path / "run"
    done = call("run", "quick", "-o", "torch:guest_that_fails.Mine", "-o", "adam",
                "-p", "rosenbrock", "--quick", "--plugins", folder, "--out", out)  # fmt: skip
    assert done.exit_code == 1
    assert re.search(r"step 1: ValueError: not today \(.*guest_that_fails.py:\d+\)", done.output)
    assert set(optbench.load(out)["convergence"]["optimizer"]) == {"adam"}


def test_muon_is_left_out_where_there_are_vectors():
    study = Study(name="muon", optimizers=["torch:Muon"], problems=["booth"], steps=5, **INSTANCES)
    pairs, skipped = expand(study)
    assert not pairs and "only supports 2D" in skipped[0].reason


def test_a_guest_that_is_nowhere_is_an_error_of_the_study():
    study = Study(name="gone", optimizers=["torch:Gone"], problems=["booth"], steps=5)
    with pytest.raises((StudyError, LookupError, ValueError), match="torch.optim has no 'Gone'"):
        expand(study)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["torch:Adam", "--against", "adam"], 0, "they take the same steps but for rounding"),
        (["adam", "--against", "optax:adam", "--lr", "0.1"], 0, "they take the same steps"),
        (["torch:guest_of_mine.Mine", "--against", "adam"], 1, "it takes the steps of adam, "
         "eps_in_sqrt=true"),
        (["torch:AdamW", "--against", "adam"], 1, "decay 0.01 beside the step"),
        (["torch:Adam[weight_decay=0.01]", "--against", "adam"], 1, "decay 0.01 in the gradient"),
        (["torch:Adam[amsgrad=true]", "--against", "adam"], 1, "it takes the steps of amsgrad"),
        (["torch:RMSprop", "--against", "adam"], 1, "none of the variants"),
        (["adam[beta1=0.8]", "--against", "adam"], 1, "adam with beta1=0.8"),
        (["torch:Muon", "--against", "muon"], 1, "on kronecker_1e2 they part at step 1"),
    ],
)  # fmt: skip
def test_a_rule_is_compared_step_by_step(folder, arguments, code, words):
    done = call("check", *arguments, "--plugins", folder, "--steps", "200")
    assert done.exit_code == code, done.output
    assert words in done.output
    assert ("they part at step" in done.output) == (code == 1)


def test_a_mean_without_correction_is_recognised(tmp_path):
    folder = tmp_path / "plugins"
    folder.mkdir()
    text = MINE.replace('s[n] / (1 - b ** s["t"])', "s[n]").replace(
        '(v + group["eps"]).sqrt()', '(v.sqrt() + group["eps"])'
    )
    (folder / "guest_uncorrected.py").write_text(text)
    done = call("check", "torch:guest_uncorrected.Mine", "--against", "adam", "--plugins", folder,
                "--json")  # fmt: skip
    content = json.loads(done.stdout)
    assert content["same_as"]["variant"] == "adam without bias correction"
    assert content["same_gradients"]["parts"]["step"] == 1


def test_the_laws_are_checked():
    done = call("check", "torch:Adam", "optax:sgd")
    assert done.exit_code == 0, done.output
    assert done.output.count("ok      permutation") == 2
    assert "-       restored      its state stays in it" in done.output

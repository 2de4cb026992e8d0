"""Every rule as an optimizer of torch goes where `replay` goes, and is kept and resumed."""

import copy
import io
import pickle

import numpy as np
import pytest

import optbench
from optbench.errors import SettingError
from optbench.rules import registry

pytestmark = pytest.mark.conformance
torch = pytest.importorskip("torch")

from tests.bridges.small_nets import Training, flat, same_bytes  # noqa: E402

HALF, STEPS = 6, 12
"""So many that rules which begin late, AdaShift after its tenth gradient, have begun."""
WRAPPED = ["momentum[sam_rho=0.1,clip_norm=1]", "adam[ema=0.9,schedule=cosine]", "gd[noise_eta=1]"]
RULES = [*registry.optimizers(), *WRAPPED]
ACCEPTED = [spec for spec in RULES if not optbench.optimizer(spec).hessian_every]
SINGLE = [
    spec for i, spec in enumerate(ACCEPTED)
    if i % 6 == 0 or any(part.lane_state for part in optbench.optimizer(spec).parts)
]  # fmt: skip
CASES = [(s, torch.float64) for s in ACCEPTED] + [(s, torch.float32) for s in SINGLE]


def begun(spec, dtype, seed=1):
    training = Training(dtype, seed=seed)
    return training, optbench.as_torch(spec)(training.params, steps=STEPS)


@pytest.mark.parametrize(("spec", "dtype"), CASES, ids=str)
def test_every_rule_goes_where_replay_goes_and_resumes(spec, dtype):
    training, own = begun(spec, dtype)
    for _ in range(HALF):
        own.step(training.loss)
    kept = io.BytesIO()
    torch.save({"net": training.net.state_dict(), "rule": own.state_dict()}, kept)
    for _ in range(STEPS - HALF):
        own.step(training.loss)
    query, reported = (
        optbench.replay(
            spec, np.array(training.gradients), training.points[0], values=training.values,
            shape=[tuple(p.shape) for p in training.params], points=points, steps=STEPS,
            dtype=str(dtype).removeprefix("torch."),
        )
        for points in ("query", "reported")
    )  # fmt: skip
    np.testing.assert_array_equal(training.points, query[:-1])
    np.testing.assert_array_equal(flat(training.params), query[-1])
    assert not np.array_equal(query[0], query[-1])

    again, resumed = begun(spec, dtype, seed=2)
    kept.seek(0)
    read = torch.load(kept, weights_only=True)
    again.net.load_state_dict(read["net"])
    again.x, again.y = training.x, training.y
    resumed.load_state_dict(read["rule"])
    for _ in range(STEPS - HALF):
        resumed.step(again.loss)
    assert flat(again.params).tobytes() == flat(training.params).tobytes()
    assert same_bytes(resumed.state_dict(), own.state_dict())

    own.eval()
    np.testing.assert_array_equal(flat(training.params), reported[-1])
    own.train()
    np.testing.assert_array_equal(flat(training.params), query[-1])


@pytest.mark.parametrize("spec", [spec for spec in RULES if spec not in ACCEPTED])
def test_rules_that_take_products_with_the_hessian_are_refused(spec):
    with pytest.raises(SettingError, match=r"as_torch: \w+ takes products with the Hessian, which"):
        optbench.as_torch(spec)


def test_two_rules_at_least_are_refused():
    assert {"adahessian", "sophia"} == set(RULES) - set(ACCEPTED)


@pytest.mark.parametrize("spec", ["adam[clip_norm=1]", "prodigy", "soap", "schedule_free_sgd"])
@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda both: pickle.loads(pickle.dumps(both))], ids=["copy", "pickle"]
)
def test_copies_go_on_by_themselves(spec, copied):
    training, own = begun(spec, torch.float64)
    for _ in range(HALF):
        own.step(training.loss)
    again, twin = copied((training, own))
    assert type(twin).base.label == type(own).base.label == spec
    assert same_bytes(twin.state_dict(), own.state_dict())
    at = flat(training.params)
    for _ in range(STEPS - HALF):
        twin.step(again.loss)
    np.testing.assert_array_equal(flat(training.params), at)
    for _ in range(STEPS - HALF):
        own.step(training.loss)
    assert flat(again.params).tobytes() == flat(training.params).tobytes()
    assert same_bytes(twin.state_dict(), own.state_dict())


def test_a_state_of_groups_is_loaded_into_groups():
    def grouped(seed):
        training = Training(seed=seed)
        groups = [{"params": training.params[:2], "lr": 0.1}, {"params": training.params[2:]}]
        return training, optbench.as_torch("adam[clip_norm=0.1]")(groups, lr=0.01)

    (training, own), (again, resumed) = grouped(1), grouped(2)
    own.step(training.loss)
    again.copy_from(training)
    again.x, again.y = training.x, training.y
    own.param_groups[1]["lr"] = 0.5
    resumed.load_state_dict(copy.deepcopy(own.state_dict()))
    assert [group["lr"] for group in resumed.param_groups] == [0.1, 0.5]
    own.step(training.loss)
    resumed.step(again.loss)
    assert flat(again.params).tobytes() == flat(training.params).tobytes()


def test_an_average_is_the_mean_that_one_takes_by_hand_and_is_kept():
    training, own = begun("gd[tail=1]", torch.float64)
    for _ in range(STEPS):
        own.step(training.loss)
    moved = flat(training.params)
    own.eval()
    mean = np.mean([*training.points[1:], moved], axis=0)
    np.testing.assert_allclose(flat(training.params), mean, rtol=1e-14)
    own.eval()  # a second time changes nothing
    np.testing.assert_allclose(flat(training.params), mean, rtol=1e-14)
    again, resumed = begun("gd[tail=1]", torch.float64, seed=2)
    again.copy_from(training)
    resumed.load_state_dict(own.state_dict())
    resumed.train()
    np.testing.assert_array_equal(flat(again.params), moved)


def test_schedule_free_is_that_of_its_authors():
    schedulefree = pytest.importorskip("schedulefree")
    training, twin = Training(), Training()
    own = optbench.as_torch("schedule_free_sgd")(training.params, lr=0.1)
    theirs = schedulefree.SGDScheduleFree(twin.params, lr=0.1)
    theirs.train()
    for _ in range(3):
        for each, optimizer in ((training, own), (twin, theirs)):
            optimizer.train()
            for _ in range(4):
                each.loss()
                optimizer.step()
            optimizer.eval()
        np.testing.assert_allclose(flat(training.params), flat(twin.params), rtol=1e-11)

"""Rules as optimizers of torch: against torch's own, against `replay`, and their state."""

import copy
import io

import numpy as np
import pytest

import optbench
from optbench.errors import SettingError, UserError
from optbench.rules import registry

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.conformance

STEPS = 25
SAVED = ["adam[clip_norm=0.5]", "muon", "schedule_free_sgd", "dadapt_adam", "rprop"]
PEERS = {
    "sgd": ("SGD", {}),
    "momentum": ("SGD", {"momentum": 0.9}),
    "adam": ("Adam", {}),
    "adam[l2=0.01]": ("Adam", {"weight_decay": 0.01}),
    "adamw": ("AdamW", {}),
    "nadam": ("NAdam", {}),
    "radam": ("RAdam", {}),
    "adamax": ("Adamax", {}),
    "rmsprop": ("RMSprop", {}),
    "adagrad": ("Adagrad", {}),
    "adadelta": ("Adadelta", {}),
}


def net(dtype=torch.float64, seed=0):
    torch.manual_seed(seed)
    layers = torch.nn.Linear(5, 7), torch.nn.Tanh(), torch.nn.Linear(7, 3)
    return torch.nn.Sequential(*layers).to(dtype)


def batch(dtype=torch.float64, step=0):
    own = torch.Generator().manual_seed(step)
    x = torch.randn(16, 5, generator=own, dtype=torch.float64).to(dtype)
    return x, torch.randint(3, (16,), generator=own)


def loss_of(model, dtype=torch.float64, step=0):
    x, y = batch(dtype, step)
    return torch.nn.functional.cross_entropy(model(x), y)


def train(model, optimizer, steps=STEPS, first=0, dtype=torch.float64, after=None):
    """Train without or, where the rule wants it, with a closure."""
    for step in range(first, first + steps):

        def closure(step=step):
            optimizer.zero_grad()
            loss = loss_of(model, dtype, step)
            loss.backward()
            return loss

        optimizer.step(closure)
        if after:
            after()
    return torch.nn.utils.parameters_to_vector(model.parameters()).detach().clone()


@pytest.fixture(params=[torch.float64, torch.float32], ids=str)
def dtype(request):
    """Also the default of torch, in which NAdam keeps the product of its momenta."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(request.param)
    yield request.param
    torch.set_default_dtype(before)


@pytest.mark.parametrize("rule", PEERS)
def test_goes_where_torchs_own_goes(rule, dtype):
    name, settings = PEERS[rule]
    theirs, ours = net(dtype), net(dtype)
    peer = getattr(torch.optim, name)(theirs.parameters(), lr=0.01, **settings)
    own = optbench.as_torch(rule)(ours.parameters(), lr=0.01, **_as_theirs(rule, peer))
    there = train(theirs, peer, dtype=dtype)
    here = train(ours, own, dtype=dtype)
    moved = (there - torch.nn.utils.parameters_to_vector(net(dtype).parameters())).abs().max()
    assert (here - there).abs().max() <= 200 * torch.finfo(dtype).eps * max(1.0, float(moved))


def _as_theirs(rule, peer):
    """Return the settings in which torch's defaults are not ours."""
    defaults, hyper = peer.defaults, optbench.optimizer(rule).hyper
    same = {"eps": "eps", "alpha": "beta2", "rho": "beta2", "weight_decay": "weight_decay"}
    own = {ours: defaults[name] for name, ours in same.items()
           if name in defaults and ours in hyper}  # fmt: skip
    if "momentum_decay" in defaults and "momentum_decay" in hyper:
        own["momentum_decay"] = defaults["momentum_decay"]
    if "rho" in defaults and "rho" in hyper:
        own["rho"] = defaults["rho"]
    return own


ACCEPTED = [name for name in registry.optimizers() if not optbench.optimizer(name).hessian_every]


@pytest.mark.parametrize("rule", ACCEPTED)
def test_every_rule_goes_where_replay_goes(rule):
    optimizer = optbench.optimizer(rule)
    if any(part.surfaces_only for part in optimizer.parts):
        with pytest.raises(SettingError, match="is for surfaces"):
            optbench.as_torch(rule)
        return
    rng, shapes = np.random.default_rng(3), [(3, 4), (4,)]
    gradients = rng.standard_normal((4 * optimizer.evaluations, 16))
    start, values = rng.standard_normal(16), rng.uniform(1.0, 2.0, len(gradients))
    expected = optbench.replay(
        optimizer, gradients, start, values=values, shape=shapes, points="query"
    )
    parts = [torch.nn.Parameter(torch.tensor(start[:12].reshape(3, 4))),
             torch.nn.Parameter(torch.tensor(start[12:]))]  # fmt: skip
    own = optbench.as_torch(rule)(parts, lr=optimizer.lr, steps=4)
    taken = iter(zip(gradients, values, strict=True))

    def closure():
        g, f = next(taken)
        parts[0].grad, parts[1].grad = torch.tensor(g[:12].reshape(3, 4)), torch.tensor(g[12:])
        return torch.tensor(f)

    for step in range(1, 5):
        own.step(closure)
        here = np.concatenate([part.detach().numpy().ravel() for part in parts])
        np.testing.assert_array_equal(here, expected[step * optimizer.evaluations])


@pytest.mark.parametrize("rule", SAVED)
def test_state_that_was_saved_goes_on_byte_for_byte(rule):
    unbroken = net()
    whole = optbench.as_torch(rule)(unbroken.parameters(), lr=0.01)
    expected = train(unbroken, whole, 20)

    model = net()
    first = optbench.as_torch(rule)(model.parameters(), lr=0.01)
    train(model, first, 12)
    file = io.BytesIO()
    torch.save({"model": model.state_dict(), "optimizer": first.state_dict()}, file)
    kept = torch.load(io.BytesIO(file.getvalue()), weights_only=True)
    other = net(seed=9)
    other.load_state_dict(kept["model"])
    second = optbench.as_torch(rule)(other.parameters(), lr=0.5)
    second.load_state_dict(kept["optimizer"])
    assert second.param_groups[0]["lr"] == 0.01
    np.testing.assert_array_equal(train(other, second, 8, 12), expected)

    both = copy.deepcopy((model, first))
    np.testing.assert_array_equal(train(*both, 8, 12), expected)


def test_groups_have_rates_of_their_own_and_may_be_added():
    model = net()
    first, second = model[0], model[2]
    own = optbench.as_torch("adam")([{"params": first.parameters(), "lr": 0.0}], lr=0.1)
    own.add_param_group({"params": second.parameters(), "lr": 0.03, "beta1": 0.5})
    train(model, own)
    fresh, peer = net(), None
    peer = torch.optim.Adam(
        [{"params": fresh[0].parameters(), "lr": 0.0},
         {"params": fresh[2].parameters(), "lr": 0.03, "betas": (0.5, 0.999)}],
    )  # fmt: skip
    train(fresh, peer)
    assert torch.equal(first.weight, net()[0].weight)
    torch.testing.assert_close(second.weight, fresh[2].weight, rtol=1e-12, atol=1e-13)


def test_schedulers_of_torch_move_the_rate():
    results = []
    for make in (optbench.as_torch("adam"), torch.optim.Adam):
        model = net()
        optimizer = make(model.parameters(), lr=0.05)
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=STEPS)
        results.append(train(model, optimizer, after=scheduler.step))
    torch.testing.assert_close(*results, rtol=1e-11, atol=1e-12)


def test_a_closure_is_called_as_often_as_gradients_are_taken():
    model, calls = net(), []
    own = optbench.as_torch("sgd[sam_rho=0.1]")(model.parameters(), lr=0.1)

    def closure():
        calls.append(torch.is_grad_enabled())
        own.zero_grad()
        loss = loss_of(model)
        loss.backward()
        return loss

    before = float(loss_of(model).detach())
    assert float(own.step(closure).detach()) == before and calls == [True, True]
    with pytest.raises(SettingError, match="takes 2 gradients a step: call step"):
        own.step()


def test_averages_are_in_the_parameters_between_eval_and_train():
    model = net()
    own = optbench.as_torch("schedule_free_sgd")(model.parameters(), lr=0.5)
    query = train(model, own)
    own.eval()
    average = torch.nn.utils.parameters_to_vector(model.parameters()).detach().clone()
    assert not torch.equal(query, average)
    with pytest.raises(SettingError, match="call train"):
        train(model, own, 1)
    own.train()
    assert torch.equal(query, torch.nn.utils.parameters_to_vector(model.parameters()))


def test_what_is_wrong_is_said_in_one_message():
    model = net()
    adam = optbench.as_torch("adam")
    with pytest.raises(UserError, match="did you mean beta"):
        adam(model.parameters(), beta=0.5)
    with pytest.raises(SettingError, match=r"torch.bfloat16; rules run in float32 and float64"):
        adam(net(torch.bfloat16).parameters())
    with pytest.raises(SettingError, match="depends on the number of steps"):
        optbench.as_torch("adam[schedule=cosine]")(model.parameters())
    with pytest.raises(SettingError, match="products with the Hessian"):
        optbench.as_torch("adahessian")
    with pytest.raises(SettingError, match="is an optimizer of another library already"):
        optbench.as_torch("torch:Adam")
    own = adam(model.parameters())
    train(model, own, 2)
    model[0].bias.grad = None
    with pytest.raises(SettingError, match="has no gradient in this step"):
        own.step()

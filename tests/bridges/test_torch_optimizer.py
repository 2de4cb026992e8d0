"""Rules in torch's training loops: against torch's own optimizers, and against themselves."""

import copy

import numpy as np
import pytest

import optbench
from optbench.errors import SettingError

pytestmark = pytest.mark.conformance
torch = pytest.importorskip("torch")

RATE = 1e-2
PAIRS = {
    "adam": lambda p: torch.optim.Adam(p, lr=RATE),
    "momentum": lambda p: torch.optim.SGD(p, lr=RATE, momentum=0.9),
    "adam[decay=0.01]": lambda p: torch.optim.AdamW(p, lr=RATE, weight_decay=0.01),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=RATE),
}
RESUMED = [
    "adam", "muon", "shampoo", "soap", "momentum[sam_rho=0.1]", "schedule_free_adamw", "prodigy",
    "gd[plateau_factor=0.5,plateau_patience=1]", "lamb", "adam[noise_eta=1e-3]", "adam[ema=0.9]",
]  # fmt: skip


def _takes_hessian(name):
    return optbench.optimizer(name).hessian_every > 0


def make_net(dtype=torch.float64):
    torch.manual_seed(0)
    layers = torch.nn.Linear(7, 70), torch.nn.Tanh(), torch.nn.Linear(70, 3)
    return torch.nn.Sequential(*layers).to(dtype)


def train(net, optimizer, steps, scheduler=None):
    dtype = net[0].weight.dtype
    data = torch.Generator().manual_seed(1)
    X, Y = (torch.randn(40, n, generator=data, dtype=torch.float64).to(dtype) for n in (7, 3))

    def closure():
        optimizer.zero_grad()
        loss = ((net(X) - Y) ** 2).mean()
        loss.backward()
        return loss

    losses = []
    for _ in range(steps):
        losses.append(optimizer.step(closure).item())
        if scheduler:
            scheduler.step()
    return losses


def flat(net):
    return torch.cat([p.detach().ravel() for p in net.parameters()]).numpy()


@pytest.mark.parametrize("spec", PAIRS)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 2e-4)])
def test_they_go_where_torchs_own_go_under_torchs_schedulers(spec, dtype, tolerance):
    nets = [make_net(getattr(torch, dtype)) for _ in range(2)]
    ours = optbench.as_torch(spec)(nets[0].parameters(), lr=RATE)
    for net, optimizer in zip(nets, (ours, PAIRS[spec](nets[1].parameters())), strict=True):
        cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 50)
        train(net, optimizer, 50, cosine)
    assert isinstance(ours, torch.optim.Optimizer)
    np.testing.assert_allclose(flat(nets[0]), flat(nets[1]), atol=tolerance)


def test_muon_sees_the_shapes_of_tensors():
    torch.manual_seed(0)
    start = torch.randn(6, 4, dtype=torch.float64)
    gradients = torch.randn(5, 6, 4, dtype=torch.float64)
    p = torch.nn.Parameter(start.clone())
    ours = optbench.as_torch("muon")([p], lr=RATE)
    for g in gradients:
        p.grad = g.clone()
        ours.step()
    walked = optbench.replay(
        "muon", gradients.reshape(5, -1).numpy(), start.ravel().numpy(), shape=[(6, 4)], lr=RATE
    )
    np.testing.assert_array_equal(p.detach().numpy().ravel(), walked[-1])


@pytest.mark.parametrize("spec", RESUMED)
@pytest.mark.parametrize("way", ["state_dict", "saved", "deepcopy"])
def test_they_go_on_byte_for_byte(spec, way, tmp_path):
    net = make_net(torch.float32)
    optimizer = optbench.as_torch(spec)(net.parameters())
    train(net, optimizer, 6)
    if way == "deepcopy":
        other, resumed = copy.deepcopy((net, optimizer))
    else:
        other, state = copy.deepcopy(net), optimizer.state_dict()
        if way == "saved":
            torch.save(state, tmp_path / "state.pt")
            state = torch.load(tmp_path / "state.pt", weights_only=True)
        resumed = optbench.as_torch(spec)(other.parameters())
        resumed.load_state_dict(copy.deepcopy(state))
    train(net, optimizer, 5)
    train(other, resumed, 5)
    np.testing.assert_array_equal(flat(net), flat(other))


def test_groups_have_settings_of_their_own():
    nets = make_net(), make_net()

    def groups(net):
        return [{"params": net[0].parameters()}, {"params": net[2].parameters(), "lr": 1e-3}]

    train(nets[0], optbench.as_torch("adam")(groups(nets[0]), lr=RATE), 20)
    train(nets[1], torch.optim.Adam(groups(nets[1]), lr=RATE), 20)
    np.testing.assert_allclose(flat(nets[0]), flat(nets[1]), atol=1e-12)


def test_settings_may_change_on_the_way():
    nets = make_net(), make_net()
    ours = optbench.as_torch("momentum")(nets[0].parameters(), lr=RATE)
    theirs = torch.optim.SGD(nets[1].parameters(), lr=RATE, momentum=0.9)
    for net, optimizer in zip(nets, (ours, theirs), strict=True):
        train(net, optimizer, 5)
        optimizer.param_groups[0]["momentum"] = 0.5
        train(net, optimizer, 5)
    np.testing.assert_allclose(flat(nets[0]), flat(nets[1]), atol=1e-12)


def test_the_reported_point_is_put_in_and_taken_out_again():
    net = make_net()
    optimizer = optbench.as_torch("adam[ema=0.9]")(net.parameters(), lr=RATE)
    average = flat(net)
    for step in range(6):
        train(net, optimizer, 1)
        average = flat(net) if step == 0 else average + (1 - 0.9) * (flat(net) - average)
    moved = flat(net)
    optimizer.eval()
    np.testing.assert_allclose(flat(net), average, atol=1e-14)
    with pytest.raises(SettingError, match="call train"):
        train(net, optimizer, 1)
    optimizer.train()
    np.testing.assert_array_equal(flat(net), moved)


@pytest.mark.parametrize(
    ("spec", "message"),
    [("momentum[sam_rho=0.1]", "takes 2 gradients a step"), ("polyak", "looks at the loss")],
)
def test_closures_are_asked_for(spec, message):
    net = make_net()
    with pytest.raises(SettingError, match=message):
        optbench.as_torch(spec)(net.parameters()).step()


def test_schedules_ask_for_steps_and_end_with_them():
    net = make_net()
    with pytest.raises(SettingError, match="give steps="):
        optbench.as_torch("adam[schedule=cosine]")(net.parameters())
    optimizer = optbench.as_torch("adam[schedule=cosine]")(net.parameters(), steps=3)
    train(net, optimizer, 3)
    with pytest.raises(SettingError, match="this is step 4"):
        train(net, optimizer, 1)


def test_parameters_that_come_go_or_do_not_fit_are_refused():
    net = make_net()
    optimizer = optbench.as_torch("adam")(net.parameters())
    net[2].requires_grad_(False)
    train(net, optimizer, 2)  # what is frozen from the start is left alone
    net[2].requires_grad_(True)
    with pytest.raises(SettingError, match="group, or an optimizer, of its own"):
        train(net, optimizer, 1)
    with pytest.raises(SettingError, match="bfloat16"):
        optbench.as_torch("adam")(make_net(torch.bfloat16).parameters())


@pytest.mark.parametrize("spec", [n for n in optbench.optimizers() if not _takes_hessian(n)])
def test_every_rule_goes_where_replay_goes_and_on_from_its_state(spec):
    each, steps = optbench.optimizer(spec).evaluations, 6
    net = make_net()
    optimizer = optbench.as_torch(spec)(net.parameters())
    start, shapes = flat(net), [tuple(p.shape) for p in net.parameters()]
    rng = np.random.default_rng(3)
    gradients, values = rng.standard_normal((steps * each, len(start))), rng.random(steps * each)
    fed = iter(zip(gradients, values, strict=True))

    def closure():
        g, value = next(fed)
        pieces = np.split(g, np.cumsum([p.numel() for p in net.parameters()])[:-1])
        for p, piece in zip(net.parameters(), pieces, strict=True):
            p.grad = torch.from_numpy(piece.reshape(p.shape).copy())
        return torch.tensor(value)

    for step in range(steps):
        optimizer.step(closure)
        if step == steps // 2:
            state = copy.deepcopy(optimizer.state_dict())
            optimizer = optbench.as_torch(spec)(net.parameters())
            optimizer.load_state_dict(state)
    walked = optbench.replay(spec, gradients, start, values=values, shape=shapes, points="query")
    np.testing.assert_array_equal(flat(net), walked[-1])

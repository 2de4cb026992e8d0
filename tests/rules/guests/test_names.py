"""Names of guests, their settings and what is wrong with them, where no library is installed."""

import linecache
import sys
from types import ModuleType
from typing import Optional

import numpy as np
import pytest

import optbench
from optbench.errors import SettingError, UserError
from optbench.rules import registry
from optbench.rules.guests.arguments import arguments_of, ranges_of, search_in
from optbench.rules.guests.finding import library_of
from optbench.rules.guests.rule import guest, is_guest


@pytest.mark.parametrize("library", ["torch", "optax"])
def test_a_library_that_is_missing_is_named(monkeypatch, library):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(SettingError, match=f"{library} cannot be imported .*pip install"):
        optbench.minimize(f"{library}:anything", "rosenbrock", steps=1)


def test_only_names_with_a_library_are_guests():
    assert library_of("torch:Adam") == "torch" and library_of("optax:my.lion") == "optax"
    for name in ("adam", "jax:adam", "torch", "a:torch:b"):
        assert library_of(name) is None
    assert is_guest(lambda params, lr: None) and is_guest(lambda learning_rate: None)
    assert not is_guest(lambda x: x) and not is_guest(3)
    assert registry.select("torch:Adam") == ["torch:Adam"]


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """Have a library called optax that has a descent, and a module of the user's."""
    library = ModuleType("optax")

    def descent(learning_rate, momentum=0.0, betas=(0.9, 0.99), nesterov=False, mask=None):
        raise AssertionError("is not to be made")

    library.descent, library.number, library.table = descent, 3, {"a": 1}
    for name, module in {"optax": library, "jax": ModuleType("jax"), "jaxlib": library}.items():
        module.__version__ = "0"
        monkeypatch.setitem(sys.modules, name, module)
    (tmp_path / "tiny_guest.py").write_text("def broken(learning_rate): pass\n")
    (tmp_path / "tiny_broken.py").write_text("\nraise ValueError('at import')\n")
    monkeypatch.chdir(tmp_path)
    yield library
    sys.modules.pop("tiny_guest", None)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("optax:desent", "optax has no 'desent': did you mean descent.* Write optax:module.name"),
        ("optax:number", "is 3; expected a factory"),
        ("optax:table", "is {'a': 1}; expected a factory"),
        ("optax:", "after the colon comes a name of optax"),
        ("optax:tiny_guest.gone", "tiny_guest has no 'gone'"),
        ("optax:tiny_gone.x", "there is no module 'tiny_gone'.*--plugins"),
        ("optax:tiny_broken.x", r"ValueError: at import \(.*tiny_broken.py:2\)"),
    ],
)
def test_what_is_not_there_is_said(tiny, name, message):
    with pytest.raises(UserError, match=message):
        registry.rule(name)


def test_a_module_of_the_users_is_found_in_folders_and_where_one_is(tiny, tmp_path, monkeypatch):
    here = registry.rule("optax:tiny_guest.broken")
    assert here.file == str(tmp_path / "tiny_guest.py") and here.by_name
    assert here.place.endswith("tiny_guest.py:1")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert registry.rule("optax:tiny_guest.broken", [tmp_path]).file == here.file


def test_the_identity_is_of_the_library_and_of_the_file(tiny, tmp_path):
    one = registry.rule("optax:tiny_guest.broken", [tmp_path]).identity
    (tmp_path / "again").mkdir()
    text = (tmp_path / "tiny_guest.py").read_text()
    (tmp_path / "again" / "tiny_guest.py").write_text(text)
    assert registry.rule("optax:tiny_guest.broken", [tmp_path / "again"]).identity == one
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "tiny_guest.py").write_text(text + "\n# changed\n")
    assert registry.rule("optax:tiny_guest.broken", [tmp_path / "other"]).identity != one


def test_a_file_that_is_edited_is_another_optimizer_at_once(tiny, tmp_path):
    """In one process, as in a notebook; what is not edited stays the same rule."""
    text = "def broken(learning_rate, momentum=0.5): return momentum\n"
    rules = []
    for own in (text, text, text.replace("5", "7")):
        (tmp_path / "tiny_guest.py").write_text(own)
        rules.append(registry.rule("optax:tiny_guest.broken", [tmp_path]))
    first, again, edited = rules
    assert again is first and edited.identity != first.identity
    assert (first.hyper["momentum"].default, edited.hyper["momentum"].default) == (0.5, 0.7)
    assert first.target(1.0) == 0.5


def test_arguments_that_have_a_place_and_no_name_are_passed_by_it(tiny):
    def placed(learning_rate, momentum=0.5, mask="all", decay=None, /, nesterov=False):
        return learning_rate, momentum, mask, decay, nesterov

    tiny.placed = placed
    rule = registry.rule("optax:placed")
    assert list(rule.hyper) == ["lr", "momentum", "decay", "nesterov"]
    default = {name: allowed.default for name, allowed in rule.hyper.items()}
    assert rule.made(default) == (1e-3, 0.5, "all", None, False)
    assert rule.made(default | {"lr": 0.1, "decay": 0.01, "nesterov": 1.0}) == (
        0.1, 0.5, "all", 0.01, True,
    )  # fmt: skip


def mine(params, lr, betas=(0.9, 0.999), eps=(None, 1e-3), steps=5, rate: float = 0.5, fast=None,
         nesterov=False, quick: Optional[bool] = None, name="x", *args, **others):  # fmt: skip  # noqa: UP045
    """Stand for a class of torch."""


def test_arguments_are_settings():
    arguments = arguments_of("mine", mine, "torch")
    ranges = ranges_of(arguments)
    assert list(ranges) == [
        "lr", "beta1", "beta2", "eps1", "eps2", "steps", "rate", "fast", "nesterov", "quick",
    ]  # fmt: skip
    values = {name: allowed.default for name, allowed in ranges.items()}
    assert values["lr"] == 1e-3 and np.isnan(values["eps1"]) and np.isnan(values["fast"])
    searched = [n for n, r in ranges.items() if getattr(r, "search", None) is not None]
    assert searched == ["lr"]


def test_settings_are_arguments_again():
    arguments = {argument.name: argument for argument in arguments_of("mine", mine, "torch")}
    values = {
        name: allowed.default for name, allowed in ranges_of(tuple(arguments.values())).items()
    }
    values |= {"beta1": 0.5, "steps": 7.0, "nesterov": 1.0, "quick": 0.0}
    own = {name: argument.value(values) for name, argument in arguments.items()}
    assert own["betas"] == (0.5, 0.999) and own["eps"] == (None, 1e-3)
    assert own["steps"] == 7 and isinstance(own["steps"], int)
    assert own["nesterov"] is True and own["quick"] is False and own["fast"] is None
    assert own["rate"] == 0.5


def test_an_optimizer_without_a_rate_is_refused():
    with pytest.raises(SettingError, match="takes no lr, which studies tune; it takes speed"):
        arguments_of("mine", lambda params, speed: None, "torch")


@pytest.mark.parametrize(
    ("name", "text", "scale"),
    [("beta1", "0.8:0.99", "log of 1 - v"), ("b2", "0.9:0.999", "log of 1 - v"),
     ("eps", "1e-12:1e-3", "log"), ("weight_decay", "0:0.1", "linear"),
     ("momentum", "-0.5:0.9", "linear")],
)  # fmt: skip
def test_a_range_is_searched_on_the_scale_of_its_kind(name, text, scale):
    search = search_in("mine", name, text)
    assert search.scale == scale
    assert [search.low, search.high] == [float(end) for end in text.split(":")]


@pytest.mark.parametrize("text", ["0.9:0.5", "a:b", "1:inf", "x", "0.1:0.2:0.3"])
def test_a_range_that_is_none_is_refused(text):
    with pytest.raises(SettingError, match="LOW:HIGH"):
        search_in("mine", "beta1", text)


def test_a_cell_of_a_notebook_is_identified_by_its_lines(tiny, tmp_path):
    """It has a file by name that does not exist, its lines are known to Python alone."""

    def of_cell(text, number):
        name = str(tmp_path / f"ipykernel/{number}.py")
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        scope = {"__name__": "__main__"}
        exec(compile(text, name, "exec"), scope)
        return guest(scope["mine"]).code

    first, second = (f"def mine(learning_rate, decay={x}):\n    return {x}\n" for x in (1.0, 2.0))
    assert of_cell(first, 1) == of_cell(first, 2) != of_cell(second, 3)
    scope = {}
    exec("def mine(learning_rate):\n    pass\n", scope)  # as of standard input: no lines at all
    assert guest(scope["mine"]).code == ""

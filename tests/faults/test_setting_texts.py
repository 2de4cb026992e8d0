"""Settings as text, ``adam[lr=1]``: what is read, and which mistakes are named."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optbench
from optbench.errors import SettingError
from optbench.rules.settings import parsed


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("adam[lr=1", r"must end with '\]': write adam\[lr=1\]"),
        ("adam[lr=1][beta1=.5]", r"one pair of brackets.*adam\[lr=1,beta1=.5\]"),
        ("adam[lr=1,beta1=.5,lr=2]", "lr is set twice"),
        ("adam[lr=1]x", "nothing follows"),
        ("adam]", r"a '\]' without '\['"),
        ("adam[[lr=1]]", "more than one pair"),
        ("gd[lookahead_steps=2.5]", r"lookahead_steps = 2.5 is outside its range whole numbers"),
        ("gd[plateau_patience=2.5]", r"plateau_patience = 2.5 is outside its range whole numbers"),
        ("muon[ns_steps=2.5]", r"ns_steps = 2.5 is outside its range whole numbers in \[1, 99\]"),
        ("adam[lr=inf]", r"lr = inf must be a finite number: outside its range \(0, inf\)"),
        ("adam[lr=nan]", r"lr = nan must be a finite number: outside its range \(0, inf\)"),
        ("adam[lr=true]", "lr = True must be a number"),
        ("adam[beta1=fast]", "beta1 = 'fast' must be a number"),
        ("scipy_cg[lr=1]", "scipy_cg is a baseline"),
    ],
)
def test_mistakes_in_settings_are_named(spec, message):
    with pytest.raises(SettingError, match=message):
        optbench.optimizer(spec)


NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)


@settings(max_examples=60)
@given(
    chosen=st.dictionaries(NAMES, st.floats(allow_nan=False), max_size=4),
    space=st.sampled_from(["", " ", "  "]),
)
def test_settings_as_text_are_read_back(chosen, space):
    inside = ",".join(f"{space}{k}{space}={space}{v!r}{space}" for k, v in chosen.items())
    assert parsed(f"{space}adam{space}[{inside}]{space}") == ("adam", chosen)


@settings(max_examples=100)
@given(st.text("ad[]=,1. ", max_size=12))
def test_any_text_is_read_or_refused_in_one_sentence(text):
    try:
        name, chosen = parsed(text)
    except SettingError as error:
        assert str(error).startswith(text)
    else:
        assert "[" not in name and "]" not in name
        assert all(isinstance(key, str) and key for key in chosen)


def test_settings_from_python_pass_the_same_gate():
    adam = optbench.optimizer("adam")
    for value in ("0.9", None, True, [[0.9]]):
        with pytest.raises(SettingError, match="beta1"):
            adam.with_settings(beta1=value)
    plain = adam.with_settings(beta1=np.float64(0.5), cautious=np.bool_(True))
    assert plain.values["beta1"] == 0.5 and type(plain.values["beta1"]) is float
    assert plain.values["cautious"] == 1.0

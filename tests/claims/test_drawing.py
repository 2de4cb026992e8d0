"""Figures of claims: what stands where."""

import re

from optbench.claims import drawing


def test_the_name_of_a_panel_shares_no_line_with_its_legend():
    arms = {"control": [[0, 1], [1.0, 0.5]], "treatment": [[0, 1], [1.0, 0.25]]}
    facts = {
        "name": "a", "curves": {"a long name of a setting": arms, "short": arms},
        "control": "the whole set", "treatment": "single examples",
    }  # fmt: skip
    texts = re.findall(r'<text [^>]*y="([\d.]+)"[^>]*>([^<]+)</text>', drawing.curves(facts))
    lines = {text: [y for y, own in texts if own == text] for _, text in texts}
    legends = lines["the whole set"]
    assert legends == lines["single examples"] and len(legends) == 2
    names = lines["a long name of a setting"] + lines["short"]
    assert len(names) == 2 and not {*names} & {*legends}

"""`make test` and `make conformance` together run every case, and samples lie within each other."""

from types import SimpleNamespace

import optbench
from tests.thinning import first_and_sampled, in_both_dtypes, sampled, thinned

RULES = list(optbench.optimizers())


def at_once(parameters):
    return [one.values for one in parameters if not one.marks]


def test_of_cases_in_order_the_first_is_run_at_once():
    assert at_once(thinned("abcdefg", 3)) == [("a",), ("d",), ("g",)]
    assert [one.values for one in thinned("abc", 3)] == [("a",), ("b",), ("c",)]


def test_a_sample_is_the_same_in_every_list():
    of_all, of_some = at_once(sampled(RULES)), at_once(sampled(RULES[::2]))
    assert set(of_some) == {(name,) for name in RULES[::2]} & set(of_all)
    assert len(RULES) / 10 < len(of_all) < len(RULES) / 3
    assert set(at_once(sampled(RULES, 15))) <= set(of_all)


def test_of_each_group_the_first_and_some_others_are_run_at_once():
    cases = [SimpleNamespace(id=f"{rule}/{i}", rule=rule) for rule in "abcd" for i in range(20)]
    every = first_and_sampled(cases, lambda case: case.rule)
    assert [one.values for one in every] == [(case,) for case in cases]
    chosen = {case.id for (case,) in at_once(every)}
    assert {f"{rule}/0" for rule in "abcd"} < chosen and 20 < len(chosen) < 40


def test_every_rule_is_tried_in_float64_at_once_and_a_sample_in_float32():
    both = [getattr(one, "values", one) for one in in_both_dtypes(RULES)]
    assert both == [(name, dtype) for dtype in ("float64", "float32") for name in RULES]
    single = [one for one in in_both_dtypes(RULES)[len(RULES) :] if not one.marks]
    assert [one.values[:1] for one in single] == at_once(sampled(RULES))

"""What a run says of the machine."""

import pytest

from optbench.study import machine

ZEN_4 = {"model name": "AMD EPYC", "cpu family": "25", "model": "17"}
ZEN_5 = {"model name": "AMD EPYC", "cpu family": "26", "model": "2"}


@pytest.fixture
def name_of(monkeypatch):
    """Return the processor's name where the system and BLAS say this of it."""

    def name(facts, kernels=""):
        monkeypatch.setattr(machine, "_cpu_facts", lambda: facts)
        monkeypatch.setattr(machine, "blas_kernels", lambda: kernels)
        return machine.cpu_name.__wrapped__()

    return name


def test_generations_of_one_name_are_told_apart(name_of):
    assert name_of(ZEN_4) == "AMD EPYC (family 25, model 17)" != name_of(ZEN_5)


def test_so_are_the_kernels_that_blas_takes(name_of):
    assert name_of(ZEN_5, "Zen").endswith("BLAS: Zen)")
    assert name_of(ZEN_5, "Zen") != name_of(ZEN_5, "Haswell")


def test_where_the_system_says_nothing_python_does(name_of):
    assert name_of({}) == (machine.platform.processor() or machine.platform.machine())

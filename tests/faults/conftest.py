"""A finished run of the small study, which the tests of faults read and leave as it is."""

import pytest

from optbench.study import invocation
from tests.faults.runs import study


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished") / "run"
    return invocation.compute(study(), folder)

"""A folder of claims of one's own."""

import pytest

from tests.claims.made_claims import own


@pytest.fixture
def folder(tmp_path):
    return own(tmp_path / "claims_of_mine", mine_a="pass", mine_b="pass")

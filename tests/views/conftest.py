"""Programs that use API v1 in Alice's name."""

import pytest

from tests.site import Site
from tests.tokens import bearer, new_token


@pytest.fixture
def reader(alice: Site) -> dict[str, str]:
    """The headers of a program that may read in Alice's name."""
    return bearer(new_token(alice, "read"))


@pytest.fixture
def writer(alice: Site) -> dict[str, str]:
    """The headers of a program that may also write in Alice's name."""
    return bearer(new_token(alice, "write"))

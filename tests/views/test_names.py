"""Names that no reader may have."""

import pytest

from flyleaf.views.names import is_reserved
from tests.site import PASSWORD


@pytest.mark.parametrize(
    "name",
    [
        "admin", "Admin", "ＡＤＭＩＮ", "аdmin", "admín", "adm1n", "@dmin", "a.d.m.i.n", "admin_", " root", "r00t",
        "API", "Moderator", "m0derat0r", "fly-leaf", "Flyleaf", "f1yleaf", "support", "$upport", "systém", "null",
    ],
)  # fmt: skip
def test_nobody_speaks_for_the_site(name):
    assert is_reserved(name)


@pytest.mark.parametrize(
    "name",
    ["Alice", "Adminton", "Rooty", "badmin", "Apia", "Ольга", "東京", "😀", "Modesty", "Helper", "Ruth", "Reader 5"],
)
def test_readers_have_other_names(name):
    assert not is_reserved(name)


def test_a_reserved_name_is_refused_at_the_registration(visit, select):
    response = visit().submit("/register", username="Adm1n", password=PASSWORD, confirmation=PASSWORD)
    assert response.status_code == 422
    assert "username-error" in response.text
    assert select("SELECT count(*) FROM readers") == 0

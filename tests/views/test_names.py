"""Names that no reader may have."""

import re

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


@pytest.mark.parametrize("name", ["/", "//", ".", "..", "a/b", "Alice/", "Ａ／Ｂ", "?", "-_-", "$ $", "٪"])
def test_a_name_that_no_address_can_hold_is_refused(visit, select, name):
    response = visit().submit("/register", username=name, password=PASSWORD, confirmation=PASSWORD)
    assert response.status_code == 422
    assert "username-error" in response.text
    assert select("SELECT count(*) FROM readers") == 0


@pytest.mark.parametrize("name", [".a", "..1", "%2e%2e", "a%2Fb", "C++", "a?b#c", "\\a", "٣", "Ⅷ", "a;b=1", "😀"])
def test_every_other_name_leads_to_its_profile(visit, name):
    reader = visit().registered(name)
    [address] = set(re.findall(r'href="(/readers/[^"]*)"', reader.get("/account").text))
    assert reader.get(address).status_code == 200

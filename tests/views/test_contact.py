"""Whom readers can ask."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from flyleaf.app import create_app
from flyleaf.config import Config
from flyleaf.database import Database


@pytest.fixture
def site_of(config: Config, database: Database) -> Callable[[str | None], FlaskClient]:
    return lambda contact: create_app(replace(config, contact=contact), database).test_client()


@pytest.mark.parametrize(
    ("contact", "address"),
    [
        ("help@books.example", "mailto:help@books.example"),
        ("o'hara+x@books.example", "mailto:o%27hara+x@books.example"),
        ("josé@books.example", "mailto:jos%C3%A9@books.example"),
        ("https://books.example/help?a=1&b=2", "https://books.example/help?a=1&amp;b=2"),
    ],
)
def test_the_log_in_page_and_every_foot_lead_to_the_operator(
    site_of: Callable[[str | None], FlaskClient], contact: str, address: str
) -> None:
    client = site_of(contact)
    page = client.get("/login").text
    assert "Forgot your password?" in page
    assert page.count(f'href="{address}"') == 2
    for path in ("/", "/register", "/no-such-page"):
        foot = client.get(path).text.partition("<footer")[2]
        assert f'href="{address}"' in foot


def test_without_a_contact_the_log_in_page_still_says_what_to_do(site_of: Callable[[str | None], FlaskClient]) -> None:
    client = site_of(None)
    page = client.get("/login").text
    assert "Ask the site’s administrators" in page
    assert "mailto:" not in page
    assert "Contact" not in page.partition("<footer")[2]

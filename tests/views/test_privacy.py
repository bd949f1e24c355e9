"""The page /privacy says what docs/privacy.md says, for the settings of the site."""

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient

from flyleaf import limits
from flyleaf.config import PROJECT, Config
from flyleaf.views import privacy
from flyleaf.views.privacy import DRAFT_HOURS, UPLOAD_DAYS

DOCUMENT = (PROJECT / "docs" / "privacy.md").read_text(encoding="utf-8")
SCRIPT = (PROJECT / "static" / "flyleaf.js").read_text(encoding="utf-8")
SEALED_DAYS = int(re.findall(r"^const WEEK = (\d+) \* 24 \* 60 \* 60 \* 1000;", SCRIPT, re.MULTILINE)[0])
SECTIONS = re.compile(r'<section class="stored" id="(\w+)"(.*?)</section>', re.DOTALL)


Page = Callable[..., str]


@pytest.fixture
def page_of(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> Page:
    """The page of a site with these settings, as a visitor sees it."""

    def page(**settings: Any) -> str:
        monkeypatch.setattr(privacy, "flyleaf", lambda: SimpleNamespace(config=Config(**settings)))
        return client.get("/privacy").text

    return page


def test_each_section_is_in_the_document_and_each_of_the_documents_on_the_page(client: FlaskClient) -> None:
    shown = [name for name, _ in SECTIONS.findall(client.get("/privacy").text)]
    told = re.findall(r"^\| [^|]+ \| `(\w+)` \|", DOCUMENT, re.MULTILINE)
    assert len(shown) == len(set(shown))
    assert set(shown) == set(told)


def test_a_table_without_a_section_says_nothing_about_people() -> None:
    rows = re.findall(r"^\| (`[^|]+) \| *\| ([^|]+) \|", DOCUMENT, re.MULTILINE)
    assert rows
    assert [tables for tables, what in rows if not what.startswith("nothing")] == []


@pytest.mark.every_input
@pytest.mark.parametrize(
    ("section", "duration"),
    [
        ("logins", f"{limits.SESSION_IDLE_DAYS} days"),
        ("logins", f"{limits.SESSION_DAYS}"),
        ("logins", f"{limits.LOGIN_LINK_MINUTES} minutes"),
        ("logins", f"{limits.RESET_HOURS} hours"),
        ("imports", f"{UPLOAD_DAYS} days"),
        ("imports", f"latest {limits.UPLOADS_MAX}"),
        ("activity", f"{Config.routine_event_days} days"),
        ("technical", f"{DRAFT_HOURS} hours"),
        ("technical", f"{SEALED_DAYS} days"),
    ],
)
def test_both_give_the_durations_that_the_code_has(client: FlaskClient, section: str, duration: str) -> None:
    assert duration in dict(SECTIONS.findall(client.get("/privacy").text))[section]
    rows = re.findall(rf"^\| [^|]+ \| `{section}` \|.*", DOCUMENT, re.MULTILINE)
    assert duration in " ".join(rows)


def test_every_foot_leads_there_and_it_needs_no_account(client: FlaskClient) -> None:
    for path in ("/", "/login", "/privacy", "/no-such-page"):
        assert 'href="/privacy"' in client.get(path).text.partition("<footer")[2]
    assert client.get("/privacy").status_code == 200


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"open_library_contact": None}, "asks no other site about books"),
        ({"open_library_contact": "a@b.example"}, "ratings and covers of books"),
        ({"open_library_contact": "a@b.example", "covers": False}, "Open Library for ratings of books"),
        ({"readers_add_books": "yes"}, "are added to it."),
        ({"readers_add_books": "moderated"}, "are suggested to the moderators"),
        ({"proposals": False}, "What moderators change"),
        ({"registration": "approval"}, "approve your account first"),
        ({"registration": "invitation"}, "An invitation keeps the note"),
        ({"routine_event_days": 21, "event_days": 1_234}, "21 days for everyday events, 1,234 days"),
        ({"static_url": "https://static.example/flyleaf"}, "<bdi>static.example</bdi>"),
        ({"static_url": ""}, "Pages load nothing from other sites."),
    ],
)
def test_it_is_true_for_the_settings_of_the_site(page_of: Page, settings: dict[str, Any], said: str) -> None:
    assert said in page_of(**settings)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("contact", ("mailto:help@books.example", "help@books.example"), "<bdi>help@books.example</bdi></a>"),
        ("contact", None, "Ask the site’s administrators."),
        ("login_provider", "Books & Co", "If you log in with Books &amp; Co, it learns that you do."),
    ],
)
def test_it_names_the_operator_and_the_login_provider(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, name: str, value: object, said: str
) -> None:
    monkeypatch.setitem(client.application.jinja_env.globals, name, value)
    assert said in client.get("/privacy").text


def test_it_is_said_in_the_language_of_the_visitor(client: FlaskClient) -> None:
    for language, heading in (("pt-BR", "Privacidade"), ("es", "Privacidad")):
        assert f"<h1>{heading}</h1>" in client.get("/privacy", headers={"Accept-Language": language}).text

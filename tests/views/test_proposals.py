"""Suggesting corrections: Bob suggests, Alice reads, Mo moderates."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from flyleaf.app import create_app
from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.limits import PROPOSALS, PROPOSALS_ON_A_PAGE, REASON_MAX
from flyleaf.queries.corrections import CORRECTION_LOCK
from tests.fixture_types import AddBook, Select, Together, Visit
from tests.site import PASSWORD, Site, hidden_fields
from tests.views.test_corrections import correct, fields_of, moderator

QUEUE = "/moderation/proposals"


@pytest.fixture
def mo(visit: Visit, select: Select) -> Site:
    return moderator(visit, select, "Mo")


@pytest.fixture
def proposal_id(bob: Site, dune: str, select: Select) -> int:
    """Bob's suggestion of another year for Dune."""
    assert correct(bob, select, dune, year="1966").status_code == 303
    found: int = select("SELECT id FROM proposals")
    return found


def accept(site: Site, proposal_id: int) -> TestResponse:
    """Press the button in the queue."""
    address = f"{QUEUE}/{proposal_id}/accept"
    form = site.get(QUEUE).text.partition(f'action="{address}"')[2].partition("</form>")[0]
    return site.client.post(address, data=hidden_fields(form))


def refuse(site: Site, proposal_id: int, reason: str = "The title page says 1965.") -> TestResponse:
    return site.submit(f"{QUEUE}/{proposal_id}/refuse", reason=reason)


def kinds(select: Select, name: str) -> list[str]:
    found = select(
        "SELECT string_agg(kind, ' ' ORDER BY e.id) FROM events AS e JOIN readers AS r ON r.id = reader_id"
        " WHERE name = :name AND kind !~ 'registered|logged-in'",
        name=name,
    )
    return (found or "").split()


def test_a_reader_suggests_and_a_moderator_accepts(alice: Site, bob: Site, mo: Site, dune: str, select: Select) -> None:
    page = bob.get(f"/books/{dune}").text
    assert "Suggest a correction" in page
    response = correct(bob, select, dune, year="1966", title="Dune!")
    assert "A moderator will look at your suggestion." in bob.get(response.location).text
    assert fields_of(select, dune) | {"year": "1965", "title": "Dune"} == fields_of(select, dune)
    assert bob.get("/proposals").text.count("waiting for a moderator") == 2
    queue = mo.get(QUEUE).text
    assert queue.count('<del dir="auto">') == queue.count('<ins dir="auto">') == 2
    assert '<a href="/readers/Bob"><bdi>Bob</bdi></a>' in queue
    assert "Title page." in queue
    for field in ("year", "title"):
        assert accept(mo, select("SELECT id FROM proposals WHERE field = :field", field=field)).status_code == 303
    assert "No open suggestions." in mo.get(QUEUE).text
    assert fields_of(select, dune) | {"year": "1966", "title": "Dune!"} == fields_of(select, dune)
    history = alice.get(f"/books/{dune}/history").text
    assert history.count("accepted by") == 2
    assert bob.get("/proposals").text.count("<strong>accepted</strong>") == 2
    assert kinds(select, "Bob") == ["proposal-made", "proposal-accepted", "proposal-accepted"]
    assert kinds(select, "Mo") == ["moderated", "moderated"]


def test_refused_it_changes_nothing_and_the_reader_sees_why(
    bob: Site, mo: Site, dune: str, proposal_id: int, select: Select
) -> None:
    assert refuse(mo, proposal_id).status_code == 303
    assert fields_of(select, dune)["year"] == "1965"
    page = bob.get("/proposals").text
    assert "<strong>refused</strong>" in page
    assert "The title page says 1965." in page
    assert kinds(select, "Bob") == ["proposal-made", "proposal-refused"]
    assert correct(bob, select, dune, year="1967").status_code == 303


def test_series_subjects_and_other_titles_are_suggested(bob: Site, mo: Site, dune: str, select: Select) -> None:
    correct(mo, select, dune, subjects="Deserts; Dogs")
    said = {"series": "Dune #1", "subjects": "deserts; Science fiction", "other_titles": "Duna | Wüste"}
    assert correct(bob, select, dune, **said).status_code == 303
    queue = mo.get(QUEUE).text
    for text_ in ("Deserts; Dogs", "Deserts; Science fiction", "Series after", "Duna | Wüste"):
        assert text_ in queue
    assert "The book has been changed since." not in queue
    for field in said:
        number = select("SELECT id FROM proposals WHERE field = :field", field=field)
        assert accept(mo, number).status_code == 303
    said["subjects"] = "Deserts; Science fiction"
    assert fields_of(select, dune) | said == fields_of(select, dune)


@pytest.mark.parametrize(("reason", "said"), [(" ", "Give a reason."), ("x" * (REASON_MAX + 1), "up to 500")])
def test_a_refusal_needs_a_reason(mo: Site, proposal_id: int, select: Select, reason: str, said: str) -> None:
    response = refuse(mo, proposal_id, reason)
    assert response.status_code == 422
    assert said in response.text
    assert select("SELECT decided_at FROM proposals") is None


def test_two_moderators_decide_once(
    mo: Site, visit: Visit, proposal_id: int, dune: str, select: Select, together: Together
) -> None:
    mia = moderator(visit, select, "Mia")
    pages = [(site, hidden_fields(site.get(QUEUE).text)) for site in (mo, mia)]

    def sent(site: Site, fields: dict[str, str]) -> int:
        return site.client.post(f"{QUEUE}/{proposal_id}/accept", data=fields).status_code

    statuses = together(*(lambda site=site, fields=fields: sent(site, fields) for site, fields in pages))
    assert sorted(statuses) == [303, 409]
    assert select("SELECT count(*) FROM corrections") == 1
    assert mo.get(f"{QUEUE}/{proposal_id}/refuse").status_code == 409
    token = hidden_fields(mo.get("/account").text)
    assert mo.client.post(f"{QUEUE}/{proposal_id}/refuse", data=token | {"reason": "No."}).status_code == 409
    assert select("SELECT is_accepted FROM proposals") is True


def test_a_book_that_changed_meanwhile_is_shown_so(
    mo: Site, visit: Visit, proposal_id: int, dune: str, select: Select
) -> None:
    before = hidden_fields(mo.get(QUEUE).text)
    correct(moderator(visit, select, "Mia"), select, dune, year="1964")
    response = mo.client.post(f"{QUEUE}/{proposal_id}/accept", data=before)
    assert response.status_code == 409
    assert "since you opened this page" in response.text
    page = mo.get(QUEUE).text
    assert "The book has been changed since." in page
    assert "1964" in page
    assert accept(mo, proposal_id).status_code == 303
    assert fields_of(select, dune)["year"] == "1966"


def test_what_the_book_says_already_is_accepted_without_a_correction(
    mo: Site, visit: Visit, proposal_id: int, dune: str, select: Select
) -> None:
    correct(moderator(visit, select, "Mia"), select, dune, year="1966")
    assert accept(mo, proposal_id).status_code == 303
    assert select("SELECT count(*) FROM corrections") == 1
    assert select("SELECT is_accepted FROM proposals") is True


def test_one_open_suggestion_a_reader_and_field(
    alice: Site, bob: Site, dune: str, proposal_id: int, select: Select
) -> None:
    response = correct(bob, select, dune, year="1967", author="Herbert")
    assert response.status_code == 422
    assert "You have already suggested a change here." in response.text
    assert select("SELECT count(*) FROM proposals") == 1
    assert correct(bob, select, dune, author="Herbert").status_code == 303
    assert correct(alice, select, dune, year="1967").status_code == 303


def test_a_reader_withdraws_only_what_is_open_and_own(
    alice: Site, bob: Site, mo: Site, dune: str, proposal_id: int, select: Select
) -> None:
    token = hidden_fields(alice.get("/account").text)
    assert alice.client.post(f"/proposals/{proposal_id}/withdraw", data=token).status_code == 409
    assert "waiting" not in alice.get("/proposals").text
    assert bob.client.post(f"/proposals/{proposal_id}/withdraw").status_code == 400
    response = bob.submit("/proposals", f"/proposals/{proposal_id}/withdraw")
    assert "Suggestion withdrawn." in bob.get(response.location).text
    assert mo.get(f"{QUEUE}/{proposal_id}/refuse").status_code == 409
    correct(bob, select, dune, year="1967")
    again = select("SELECT id FROM proposals")
    accept(mo, again)
    token = hidden_fields(bob.get("/account").text)
    assert bob.client.post(f"/proposals/{again}/withdraw", data=token).status_code == 409


def test_only_so_many_a_day(bob: Site, add_book: AddBook, select: Select) -> None:
    first, *_ = isbns = [
        add_book(f"0000{number:04d}19", title=f"Book {number}") for number in range(PROPOSALS.most + 1)
    ]
    for isbn in isbns[:-1]:
        assert correct(bob, select, isbn, year="1966").status_code == 303
    response = correct(bob, select, isbns[-1], year="1966", title="Kept text")
    assert response.status_code == 429
    assert "20 suggestions a day" in response.text
    assert "Kept text" in response.text
    assert select("SELECT count(*) FROM proposals") == PROPOSALS.most
    assert correct(bob, select, first).location == f"/books/{first}"  # nothing changed, nothing counted


def test_the_queue_has_pages(bob: Site, mo: Site, dune: str, select: Select) -> None:
    select(
        "WITH many AS (INSERT INTO readers (name, name_key, password_hash)"
        "              SELECT concat('r', n), concat('r', n), '' FROM generate_series(1, :most) AS n RETURNING id)"
        " INSERT INTO proposals (kind, book_id, field, before, after, proposed_by, proposed_at)"
        " SELECT 'field', b.id, 'year', '1965', '1966', many.id, now() - many.id * interval '1 minute'"
        "   FROM books AS b, many",
        most=PROPOSALS_ON_A_PAGE + 3,
    )
    pages = list(mo.pages(QUEUE))
    assert [page.count("/accept") for page in pages] == [PROPOSALS_ON_A_PAGE, 3]


@pytest.mark.parametrize("address", [QUEUE, f"{QUEUE}/1/refuse"])
def test_the_queue_is_for_moderators_alone(bob: Site, visit: Visit, proposal_id: int, address: str) -> None:
    assert visit().get(address).location.startswith("/login")
    assert bob.get(address).status_code == 404


def test_nobody_else_decides(bob: Site, mo: Site, proposal_id: int, select: Select) -> None:
    token = hidden_fields(bob.get("/account").text)
    for action in ("accept", "refuse"):
        sent = bob.client.post(f"{QUEUE}/{proposal_id}/{action}", data=token | {"reason": "Mine."})
        assert sent.status_code == 404
    for action in ("accept", "refuse"):
        assert mo.client.post(f"{QUEUE}/{proposal_id}/{action}", data={"reason": "No."}).status_code == 400
    assert select("SELECT decided_at FROM proposals") is None


def test_during_an_import_it_waits(mo: Site, proposal_id: int, database: Database, select: Select) -> None:
    with database.owner.begin() as importer:
        importer.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": CORRECTION_LOCK})
        assert accept(mo, proposal_id).status_code == 503
    assert accept(mo, proposal_id).status_code == 303


def test_a_reader_who_leaves_takes_suggestions_along_and_leaves_corrections(
    bob: Site, mo: Site, dune: str, proposal_id: int, select: Select
) -> None:
    accept(mo, proposal_id)
    correct(bob, select, dune, title="Dune!")
    bob.submit("/account/delete", reviews="delete", password=PASSWORD)
    assert select("SELECT count(*) FROM proposals") == 0
    assert fields_of(select, dune)["year"] == "1966"
    page = mo.get(f"/books/{dune}/history").text
    assert "Deleted account" in page
    assert "<bdi>Bob</bdi>" not in page


def test_suggestions_are_in_ones_own_data(bob: Site, mo: Site, proposal_id: int, dune: str) -> None:
    refuse(mo, proposal_id, "No.")
    (one,) = json.loads(bob.get("/account/data").data)["proposals"]
    assert one | {
        "kind": "field", "address": dune, "field": "year", "before": "1965", "after": "1966", "reason": "Title page.",
        "is_accepted": False, "answer": "No.",
    } == one  # fmt: skip


@pytest.fixture
def off(config: Config, database: Database) -> Site:
    """A browser of a site whose readers can't suggest corrections."""
    return Site(create_app(replace(config, proposals=False), database).test_client())


def test_switched_off_readers_find_no_link_and_moderators_correct(off: Site, dune: str, select: Select) -> None:
    off.registered("Carol")
    assert "/correct" not in off.get(f"/books/{dune}").text
    assert "Readers can’t suggest corrections" in off.get(f"/books/{dune}/correct").text
    token = hidden_fields(off.get("/account").text)
    sent = off.client.post(f"/books/{dune}/correct", data=token | fields_of(select, dune) | {"year": "1"})
    assert sent.status_code == 404
    select("UPDATE readers SET is_moderator = true")
    assert correct(off, select, dune, year="1966").status_code == 303
    assert fields_of(select, dune)["year"] == "1966"


def test_a_moderator_without_the_second_factor_that_is_needed_suggests(
    config: Config, database: Database, dune: str, select: Select
) -> None:
    for proposals, status in ((True, 303), (False, 403)):
        changed = replace(config, moderators_need_second_factor=True, proposals=proposals)
        mo = Site(create_app(changed, database).test_client())
        (mo.registered if proposals else mo.logged_in)("Mo")
        select("UPDATE readers SET is_moderator = true")
        token = hidden_fields(mo.get("/account").text)
        sent = mo.client.post(f"/books/{dune}/correct", data=token | fields_of(select, dune) | {"pages": "5"})
        assert sent.status_code == status
        assert mo.client.post(f"{QUEUE}/1/accept", data=token).status_code == 403
    assert select("SELECT count(*) FROM corrections") == 0
    assert select("SELECT count(*) FROM proposals") == 1

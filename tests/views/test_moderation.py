"""Reporting reviews, and hiding them: Alice writes, Bob reads, Mo moderates."""

import json
import re
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flyleaf.app import create_app
from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.limits import REASON_MAX, REPORTED_ON_A_PAGE, REPORTS
from tests.fixture_types import Select, Together, Visit
from tests.site import PASSWORD, Clock, Site, cookie_name, hidden_fields

WORDS = "Buy my watches."


@pytest.fixture
def mo(visit: Visit, select: Select) -> Site:
    mo = visit().registered("Mo")
    select("UPDATE readers SET is_moderator = true WHERE name = 'Mo'")
    return mo


@pytest.fixture
def review_id(alice: Site, dune: str, select: Select) -> int:
    """Of what Alice wrote."""
    alice.review(dune, 1, WORDS)
    review_id: int = select("SELECT id FROM reviews")
    return review_id


def report(site: Site, review_id: int, reason: str = "Spam") -> TestResponse:
    return site.submit(f"/reviews/{review_id}/report", reason=reason)


def hide(site: Site, review_id: int, reason: str = "Not about the book.") -> TestResponse:
    return site.submit(f"/moderation/reviews/{review_id}/hide", reason=reason)


def settle(site: Site, review_id: int, action: str) -> TestResponse:
    """Press one of the buttons on the moderators' pages."""
    page = "/moderation/hidden" if action in ("unhide", "allow") else "/moderation"
    return site.submit(page, f"/moderation/reviews/{review_id}/{action}")


def kinds(select: Select, name: str) -> list[str]:
    found = select(
        "SELECT string_agg(kind, ' ' ORDER BY e.id) FROM events AS e JOIN readers AS r ON r.id = reader_id"
        " WHERE name = :name AND kind !~ 'registered|logged-in'",
        name=name,
    )
    return (found or "").split()


# --- Who may --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["", "/hidden", "/reviews/1/hide"])
def test_the_pages_are_for_moderators_alone(client: FlaskClient, bob: Site, mo: Site, page: str) -> None:
    assert client.get(f"/moderation{page}").location.startswith("/login?next=")
    response = bob.get(f"/moderation{page}")
    assert response.status_code == 404
    assert "moderat" not in response.text.lower()
    assert "/moderation" in mo.get("/search").text
    assert "/moderation" not in bob.get("/search").text


@pytest.mark.parametrize("action", ["hide", "unhide", "dismiss", "allow"])
def test_nobody_else_moderates(
    client: FlaskClient, alice: Site, bob: Site, review_id: int, select: Select, action: str
) -> None:
    for site in (alice, bob):
        token = hidden_fields(site.get("/account").text)
        sent = site.client.post(f"/moderation/reviews/{review_id}/{action}", data=token | {"reason": "Mine."})
        assert sent.status_code == 404
    assert client.post(f"/moderation/reviews/{review_id}/{action}").status_code == 303
    assert select("SELECT hidden_at FROM reviews") is None


@pytest.fixture
def careful_mo(mo: Site, config: Config, database: Database) -> Site:
    """Mo, on a site whose moderators need a second factor."""
    app = create_app(replace(config, moderators_need_second_factor=True), database)
    return Site(app.test_client()).logged_in("Mo")


def test_where_a_second_factor_is_needed_a_moderator_without_one_reads_but_does_not_act(
    bob: Site, careful_mo: Site, review_id: int, select: Select
) -> None:
    report(bob, review_id)
    page = careful_mo.get("/moderation").text
    assert WORDS in page
    assert "two-factor authentication" in page
    assert "/dismiss" not in page
    assert 'href="/account#second-factors"' in careful_mo.get(f"/moderation/reviews/{review_id}/hide").text
    token = hidden_fields(careful_mo.get("/account").text)
    for action in ("hide", "unhide", "dismiss", "allow"):
        sent = careful_mo.client.post(f"/moderation/reviews/{review_id}/{action}", data=token | {"reason": "Spam."})
        assert sent.status_code == 403
        assert "two-factor authentication" in sent.text
    assert select("SELECT hidden_at FROM reviews") is None
    assert select("SELECT settled_at FROM review_reports") is None


def test_where_a_second_factor_is_needed_a_moderator_with_one_acts(
    bob: Site, careful_mo: Site, review_id: int, clock: Clock
) -> None:
    report(bob, review_id)
    careful_mo.with_app(clock)
    assert "two-factor authentication" not in careful_mo.get("/moderation").text
    assert settle(careful_mo, review_id, "dismiss").status_code == 303
    assert hide(careful_mo, review_id).status_code == 303
    assert settle(careful_mo, review_id, "unhide").status_code == 303


def test_where_a_second_factor_is_needed_the_others_still_see_no_page(bob: Site, careful_mo: Site) -> None:
    bobs = Site(careful_mo.client.application.test_client()).logged_in("Bob")
    for page in ("", "/hidden", "/reviews/1/hide"):
        assert bobs.get(f"/moderation{page}").status_code == 404


@pytest.mark.parametrize("action", ["hide", "unhide", "dismiss", "allow"])
def test_without_the_token_of_a_form_nothing_happens(
    bob: Site, mo: Site, review_id: int, select: Select, action: str
) -> None:
    report(bob, review_id)
    if action == "unhide":
        hide(mo, review_id)
    before = select("SELECT concat(r.hidden_at, o.settled_at) FROM reviews AS r, review_reports AS o")
    sent = mo.client.post(f"/moderation/reviews/{review_id}/{action}", data={"reason": "Why not."})
    assert sent.status_code == 400
    assert select("SELECT concat(r.hidden_at, o.settled_at) FROM reviews AS r, review_reports AS o") == before


def test_who_is_no_moderator_any_more_does_not_moderate(mo: Site, review_id: int, select: Select) -> None:
    token = hidden_fields(mo.get(f"/moderation/reviews/{review_id}/hide").text)
    select("UPDATE readers SET is_moderator = false")
    sent = mo.client.post(f"/moderation/reviews/{review_id}/hide", data=token | {"reason": "Late."})
    assert sent.status_code == 404


# --- Reports --------------------------------------------------------------------------------------------------------


def test_bob_reports_a_review(bob: Site, mo: Site, review_id: int, dune: str) -> None:
    assert f"/reviews/{review_id}/report" in bob.get(f"/books/{dune}").text
    assert f"/reviews/{review_id}/report" in bob.get("/readers/Alice").text
    assert report(bob, review_id, "<i>Spam</i>").location == f"/books/{dune}#my-review"
    assert "Thank you" in bob.get(f"/books/{dune}").text
    page = mo.get("/moderation").text
    for part in (WORDS, "Dune", "Alice", "1 report", "&lt;i&gt;Spam&lt;/i&gt;"):
        assert part in page
    assert "Bob" not in page, "nobody is told who reported it"


def test_a_reason_is_optional_and_bounded(bob: Site, mo: Site, review_id: int, select: Select) -> None:
    assert report(bob, review_id, "x" * (REASON_MAX + 1)).status_code == 422
    assert report(bob, review_id, "a\0b").status_code == 422
    assert report(bob, review_id, "  ").status_code == 303
    assert select("SELECT count(*) FROM review_reports WHERE reason IS NULL") == 1
    assert "1 report" in mo.get("/moderation").text


def test_a_second_report_changes_nothing(bob: Site, review_id: int, select: Select) -> None:
    report(bob, review_id, "First.")
    assert report(bob, review_id, "Second.").status_code == 303
    assert "already reported this review" in bob.get("/search").text
    assert select("SELECT string_agg(reason, ' ') FROM review_reports") == "First."
    assert kinds(select, "Bob") == ["review-reported"]


def test_reported_twice_at_once_it_is_reported_once(
    app: Flask, bob: Site, review_id: int, together: Together, select: Select
) -> None:
    token = hidden_fields(bob.get(f"/reviews/{review_id}/report").text)
    cookie = bob.session_id()

    def send() -> int:
        browser = app.test_client()
        browser.set_cookie(cookie_name(app, "session"), cookie)
        return browser.post(f"/reviews/{review_id}/report", data=token | {"reason": "Spam"}).status_code

    assert together(*[send] * 4) == [303] * 4
    assert select("SELECT count(*) FROM review_reports") == 1
    assert select("SELECT count(*) FROM events WHERE kind = 'review-reported'") == 1


def test_ones_own_review_and_one_that_is_not_there_are_not_reported(
    alice: Site, bob: Site, mo: Site, review_id: int, dune: str
) -> None:
    assert "/report" not in alice.get(f"/books/{dune}").text
    assert alice.get(f"/reviews/{review_id}/report").status_code == 404
    for number in (0, review_id + 1, 10**30):
        assert bob.get(f"/reviews/{number}/report").status_code == 404
    hide(mo, review_id)
    assert bob.get(f"/reviews/{review_id}/report").status_code == 404


def test_a_visitor_is_asked_to_log_in(client: FlaskClient, review_id: int) -> None:
    assert client.get(f"/reviews/{review_id}/report").location == f"/login?next=/reviews/{review_id}/report"
    assert client.post(f"/reviews/{review_id}/report").status_code == 303


def test_a_reader_reports_only_so_many_a_day(bob: Site, review_id: int, select: Select) -> None:
    select(
        "WITH new AS (INSERT INTO books (isbn, title) SELECT to_char(n, 'fm0000000000'), 'Volume ' || n FROM"
        " generate_series(1, :number) AS n RETURNING id)"
        " INSERT INTO reviews (book_id, reader_id, rating, text)"
        " SELECT new.id, a.id, 3, '' FROM new, readers AS a WHERE a.name = 'Alice'",
        number=REPORTS.most,
    )
    ids = select("SELECT array_agg(id ORDER BY id) FROM reviews")
    assert [report(bob, one).status_code for one in ids] == [303] * REPORTS.most + [429]
    assert select("SELECT count(*) FROM review_reports") == REPORTS.most, "the last one was not kept"
    assert report(bob, ids[0]).status_code == 303, "what was reported already costs nothing"


# --- Moderators' lists ----------------------------------------------------------------------------------------------


def test_what_was_reported_last_comes_first_and_in_pages(mo: Site, bob: Site, review_id: int, select: Select) -> None:
    select("DELETE FROM reviews")
    select(
        "WITH new AS (INSERT INTO books (isbn, title) SELECT to_char(n, 'fm0000000000'), 'Volume ' || n FROM"
        " generate_series(1, :number) AS n RETURNING id, isbn),"
        " written AS (INSERT INTO reviews (book_id, reader_id, rating, text)"
        " SELECT new.id, a.id, 3, 'Text ' || isbn::int || '.' FROM new, readers AS a WHERE a.name = 'Alice'"
        " RETURNING id, text)"
        " INSERT INTO review_reports (review_id, reader_id, reported_at)"
        " SELECT w.id, a.id, '2026-01-01'::timestamptz + substring(text FROM '\\d+')::int * interval '1 hour'"
        " FROM written AS w, readers AS a WHERE a.name = 'Bob'",
        number=REPORTED_ON_A_PAGE + 1,
    )
    pages = [re.findall(r"Text (\d+)\.", page) for page in mo.pages("/moderation")]
    assert [int(number) for page in pages for number in page] == list(range(REPORTED_ON_A_PAGE + 1, 0, -1))
    assert [len(page) for page in pages] == [REPORTED_ON_A_PAGE, 1]
    assert mo.get("/moderation?before=x").status_code == 404


def test_reports_of_one_review_are_counted(mo: Site, bob: Site, visit: Visit, review_id: int) -> None:
    report(bob, review_id, "Spam")
    report(visit().registered("Carol"), review_id, "")
    report(mo, review_id, "Rude")
    page = mo.get("/moderation").text
    assert "3 reports" in page
    assert page.index("Rude") < page.index("Spam")
    assert page.count(WORDS) == 1


def test_dismissed_reports_are_gone_and_the_review_stays(
    mo: Site, bob: Site, alice: Site, review_id: int, dune: str, select: Select
) -> None:
    report(bob, review_id)
    settle(mo, review_id, "dismiss")
    page = mo.get("/moderation").text
    assert "Reports dismissed." in page
    assert "No open reports" in page
    assert WORDS in bob.get(f"/books/{dune}").text
    assert kinds(select, "Mo") == ["moderated"]
    assert kinds(select, "Alice") == []
    report(bob, review_id)
    assert "No open reports" in mo.get("/moderation").text, "the same review is reported once"
    alice.submit(f"/books/{dune}/review/edit", rating="1", text="Buy more watches.")
    report(bob, review_id, "Changed.")
    assert "Changed." in mo.get("/moderation").text


# --- Hiding ---------------------------------------------------------------------------------------------------------


def test_a_hidden_review_is_shown_only_to_its_author(
    mo: Site, alice: Site, bob: Site, review_id: int, dune: str, client: FlaskClient
) -> None:
    report(bob, review_id)
    assert hide(mo, review_id, "Not <b>about</b> the book.").location == "/moderation"
    assert "No open reports" in mo.get("/moderation").text
    for page in (f"/books/{dune}", "/readers/Alice"):
        assert WORDS not in bob.get(page).text
        own = alice.get(page).text
        assert WORDS in own
        assert "Not &lt;b&gt;about&lt;/b&gt; the book." in own
    assert "0 reviews" in bob.get("/readers/Alice").text
    assert "No ratings yet." in bob.get(f"/books/{dune}").text
    assert client.get(f"/api/{dune}").get_json()["review_count"] == 0
    assert client.get(f"/api/{dune}").get_json()["average_score"] is None
    assert "Mo" not in re.sub("Most|Move|More", "", alice.get(f"/books/{dune}").text)


def test_a_hidden_review_does_not_count_in_the_search(
    mo: Site, alice: Site, bob: Site, review_id: int, dune: str, client: FlaskClient
) -> None:
    bob.review(dune, 5, "Good.")
    hide(mo, review_id)
    [found] = client.get("/api/search?q=dune").get_json()["results"]
    assert (found["review_count"], found["average_score"]) == (1, 5.0)
    settle(mo, review_id, "unhide")
    [found] = client.get("/api/search?q=dune").get_json()["results"]
    assert (found["review_count"], found["average_score"]) == (2, 3.0)


def test_who_wrote_it_changes_and_deletes_it_and_it_stays_hidden(
    mo: Site, alice: Site, bob: Site, review_id: int, dune: str, client: FlaskClient, select: Select
) -> None:
    hide(mo, review_id)
    assert "edited since" not in mo.get("/moderation/hidden").text
    alice.submit(f"/books/{dune}/review/edit", rating="5", text="About the book.")
    assert "About the book." not in bob.get(f"/books/{dune}").text
    assert client.get(f"/api/{dune}").get_json()["review_count"] == 0
    page = mo.get("/moderation/hidden").text
    assert "About the book." in page
    assert "edited since" in page
    alice.submit(f"/books/{dune}/review/delete")
    assert select("SELECT review_count FROM rating_counts") == 0
    assert "About the book." not in mo.get("/moderation/hidden").text, "her words are hers to delete"


def test_unhidden_it_is_what_it_was(
    mo: Site, alice: Site, bob: Site, review_id: int, dune: str, client: FlaskClient, select: Select
) -> None:
    hide(mo, review_id)
    assert settle(mo, review_id, "unhide").location == "/moderation/hidden"
    assert WORDS in bob.get(f"/books/{dune}").text
    assert client.get(f"/api/{dune}").get_json()["review_count"] == 1
    assert "hid this review" not in alice.get(f"/books/{dune}").text
    assert kinds(select, "Alice") == ["review-hidden", "review-unhidden"]
    assert kinds(select, "Mo") == ["moderated", "moderated"]
    assert "A moderator hid one of your reviews." in alice.get("/account/events").text
    assert "You acted as a moderator" in mo.get("/account/events").text


@pytest.mark.parametrize("reason", ["", " ", "x" * (REASON_MAX + 1), "a\0b"])
def test_a_review_is_hidden_for_a_reason(mo: Site, review_id: int, reason: str, select: Select) -> None:
    assert hide(mo, review_id, reason).status_code == 422
    assert select("SELECT hidden_at FROM reviews") is None


def test_what_another_moderator_has_done_is_reported(
    mo: Site, bob: Site, review_id: int, alice: Site, dune: str
) -> None:
    report(bob, review_id)
    hide(mo, review_id)
    assert hide(mo, review_id).status_code == 409
    assert settle(mo, review_id, "dismiss").status_code == 409
    settle(mo, review_id, "unhide")
    assert settle(mo, review_id, "unhide").status_code == 409
    alice.submit(f"/books/{dune}/review/delete")
    for action in ("hide", "unhide", "dismiss"):
        page = {"unhide": "/moderation/hidden"}.get(action, "/moderation")
        assert mo.submit(page, f"/moderation/reviews/{review_id}/{action}").status_code == 404


def test_of_two_moderators_at_once_one_hides(
    app: Flask, mo: Site, bob: Site, review_id: int, together: Together, select: Select
) -> None:
    report(bob, review_id)
    token = hidden_fields(mo.get(f"/moderation/reviews/{review_id}/hide").text)
    cookie = mo.session_id()

    def send(action: str, reason: str) -> int:
        browser = app.test_client()
        browser.set_cookie(cookie_name(app, "session"), cookie)
        data = token | {"reason": reason}
        return browser.post(f"/moderation/reviews/{review_id}/{action}", data=data).status_code

    answers = together(*[lambda n=n: send("hide", f"Reason {n}.") for n in range(4)], lambda: send("dismiss", ""))
    assert sorted(answers[:4]) == [303, 409, 409, 409]
    assert answers[4] in (303, 409)
    assert select("SELECT hidden_reason FROM reviews") == f"Reason {answers.index(303)}."
    assert select("SELECT review_count FROM rating_counts") == 0
    assert kinds(select, "Alice") == ["review-hidden"]


def test_a_hidden_review_of_somebody_who_has_left_stays_hidden(
    mo: Site, alice: Site, bob: Site, review_id: int, dune: str
) -> None:
    hide(mo, review_id)
    alice.submit("/account/delete", password="a rose is a rose", reviews="keep")
    assert WORDS not in bob.get(f"/books/{dune}").text
    assert WORDS in mo.get("/moderation/hidden").text
    settle(mo, review_id, "unhide")
    assert WORDS in bob.get(f"/books/{dune}").text


def test_moderators_hide_what_nobody_has_reported(mo: Site, bob: Site, review_id: int, dune: str) -> None:
    address = f"/moderation/reviews/{review_id}/hide"
    assert address in mo.get(f"/books/{dune}").text
    assert address in mo.get("/readers/Alice").text
    assert address not in bob.get(f"/books/{dune}").text


def test_what_is_kept_of_it_can_be_taken_along(mo: Site, alice: Site, bob: Site, review_id: int) -> None:
    report(bob, review_id, "Spam")
    hide(mo, review_id, "Not about the book.")
    [taken] = json.loads(bob.get("/account/data").data)["reports"]
    assert taken["reason"] == "Spam"
    hers = json.loads(alice.get("/account/data").data)
    assert [review["hidden_reason"] for review in hers["reviews"]] == ["Not about the book."]
    assert "Spam" not in json.dumps(hers), "who wrote it does not learn what others said of it"


# --- What was hidden does not come back -----------------------------------------------------------------------------

REFUSED = "until a moderator allows it"


def delete(site: Site, isbn: str) -> None:
    assert site.submit(f"/books/{isbn}/review/delete").status_code == 303


def test_a_hidden_review_does_not_come_back_by_deleting_and_publishing_it(
    mo: Site, alice: Site, bob: Site, review_id: int, dune: str, client: FlaskClient, select: Select
) -> None:
    report(bob, review_id, "Spam")
    form = hidden_fields(alice.get("/account").text) | {"rating": "5", "text": WORDS}
    hide(mo, review_id, "Not <b>about</b> the book.")
    assert REFUSED in alice.get(f"/books/{dune}/review/delete").text, "she is told before"
    delete(alice, dune)
    page = alice.get(f"/books/{dune}").text
    assert REFUSED in page
    assert "Not &lt;b&gt;about&lt;/b&gt; the book." in page
    assert f'action="/books/{dune}/review"' not in page
    sent = alice.client.post(f"/books/{dune}/review", data=form)
    assert sent.status_code == 409
    assert REFUSED in sent.text
    assert WORDS in sent.text, "what she typed is not lost"
    assert alice.get(f"/books/{dune}/review/edit").status_code == 404
    assert alice.client.post(f"/books/{dune}/review/edit", data=form).status_code == 404
    assert alice.client.post(f"/books/{dune}/review/delete", data=form).status_code == 404
    for site in (bob, mo):
        assert WORDS not in site.get(f"/books/{dune}").text
        assert "0 reviews" in site.get("/readers/Alice").text
    assert "Dune" not in alice.get("/readers/Alice").text
    assert client.get(f"/api/{dune}").get_json()["review_count"] == 0
    assert select("SELECT count(*) FROM review_reports") == 1, "the reports stay"


def test_a_moderator_allows_another_review(
    mo: Site, alice: Site, bob: Site, review_id: int, dune: str, select: Select
) -> None:
    hide(mo, review_id)
    assert "Allow another review" not in mo.get("/moderation/hidden").text
    assert settle(mo, review_id, "allow").status_code == 409, "it is there, and can be restored"
    delete(alice, dune)
    page = mo.get("/moderation/hidden").text
    assert "deleted by the reviewer" in page
    assert ">Restore<" not in page
    assert settle(mo, review_id, "unhide").status_code == 409, "there is nothing to restore"
    assert settle(mo, review_id, "allow").location == "/moderation/hidden"
    assert "No hidden reviews." in mo.get("/moderation/hidden").text
    assert kinds(select, "Alice") == ["review-hidden", "review-allowed"]
    assert kinds(select, "Mo") == ["moderated", "moderated"]
    assert "A moderator allowed you to review a book again." in alice.get("/account/events").text
    assert alice.review(dune, 4, "About the book.").status_code == 303
    assert "About the book." in bob.get(f"/books/{dune}").text
    assert settle(mo, review_id, "allow").status_code == 404


def test_a_reported_review_that_is_deleted_and_published_again_is_still_reported(
    mo: Site, alice: Site, bob: Site, review_id: int, dune: str, client: FlaskClient, select: Select
) -> None:
    report(bob, review_id, "Spam")
    delete(alice, dune)
    assert "No open reports" in mo.get("/moderation").text
    assert "No hidden reviews." in mo.get("/moderation/hidden").text
    assert REFUSED not in alice.get(f"/books/{dune}").text, "nobody is told of reports"
    assert bob.get(f"/reviews/{review_id}/report").status_code == 404
    assert client.get(f"/api/{dune}").get_json()["review_count"] == 0
    assert alice.review(dune, 2, WORDS).status_code == 303
    counted = client.get(f"/api/{dune}").get_json()
    assert (counted["review_count"], counted["average_score"]) == (1, 2)
    page = mo.get("/moderation").text
    assert WORDS in page
    assert "Spam" in page
    assert "1 report" in page
    settle(mo, review_id, "dismiss")
    delete(alice, dune)
    assert select("SELECT count(*) FROM reviews") == 0, "nobody has anything against it any more"


def test_what_is_published_again_at_the_same_moment_is_published_once(
    app: Flask, alice: Site, bob: Site, review_id: int, dune: str, together: Together, select: Select
) -> None:
    report(bob, review_id)
    delete(alice, dune)
    data = hidden_fields(alice.get(f"/books/{dune}").text) | {"rating": "3", "text": WORDS}
    cookie = alice.cookie("session")
    assert cookie is not None

    def send() -> int:
        browser = app.test_client()
        browser.set_cookie(cookie_name(app, "session"), cookie)
        return browser.post(f"/books/{dune}/review", data=data).status_code

    assert sorted(together(*[send] * 4)) == [303, 409, 409, 409]
    assert select("SELECT three FROM rating_counts") == 1
    assert select("SELECT reports FROM moderation_queue") == 1


@pytest.mark.parametrize("reviews", ["keep", "delete"])
def test_what_was_withdrawn_goes_with_the_account(
    mo: Site, alice: Site, bob: Site, review_id: int, dune: str, select: Select, reviews: str
) -> None:
    hide(mo, review_id)
    delete(alice, dune)
    [known] = json.loads(alice.get("/account/data").data)["reviews"]
    assert (known["text"], known["hidden_reason"]) == ("", "Not about the book.")
    assert known["withdrawn_at"]
    alice.submit("/account/delete", password=PASSWORD, reviews=reviews)
    assert select("SELECT count(*) FROM reviews") == 0

"""Which editions are of one book: Bob suggests, Mo moderates, and an undone merge is as if it had never been."""

import pytest
from werkzeug.test import TestResponse

from tests.fixture_types import AddBook, Select, Visit
from tests.site import PASSWORD, Site, hidden_fields
from tests.views.test_corrections import moderator
from tests.views.test_proposals import QUEUE, accept, kinds, refuse

DUNE, ARRAKIS, OTHER_DUNE = "9780441172719", "9780441104024", "9780340960196"


@pytest.fixture
def mo(visit: Visit, select: Select) -> Site:
    return moderator(visit, select, "Mo")


@pytest.fixture(autouse=True)
def books(add_book: AddBook) -> None:
    """Two editions of Dune, and a book that may be another one."""
    add_book(DUNE)
    add_book(OTHER_DUNE)
    add_book(ARRAKIS, title="Arrakis")


def say(site: Site, isbn: str, kind: str, other: str = "", reason: str = "The same text.") -> TestResponse:
    return site.submit(f"/books/{isbn}/editions", kind=kind, other=other, reason=reason)


def editions(site: Site, isbn: str) -> set[str]:
    """The editions that the book's page lists."""
    page = site.get(f"/books/{isbn}").text
    listed = page.partition('id="editions"')[2].partition("</section>")[0]
    return {other for other in (DUNE, ARRAKIS, OTHER_DUNE) if f"/books/{other}" in listed}


def undo(site: Site, isbn: str, select: Select) -> TestResponse:
    number = select("SELECT max(id) FROM work_corrections")
    return site.submit(f"/books/{isbn}/history", f"/work-corrections/{number}/undo")


@pytest.mark.parametrize("other", [ARRAKIS, "0-441-10402-0", f"http://localhost/books/{ARRAKIS}?after=1#reviews"])
def test_a_reader_suggests_a_merge_and_a_moderator_accepts(bob: Site, mo: Site, select: Select, other: str) -> None:
    if other.startswith("0-"):
        other = select("SELECT isbn13 FROM books WHERE title = 'Arrakis'")[:3] + "-0441104024"
    response = say(bob, DUNE, "merge", other)
    assert "A moderator will look at your suggestion." in bob.get(response.location).text
    assert editions(bob, DUNE) == {OTHER_DUNE}
    assert "It is the same book as:" in bob.get("/proposals").text
    queue = mo.get(QUEUE).text
    assert "It is the same book as:" in queue
    assert f'href="/books/{ARRAKIS}"' in queue
    assert accept(mo, select("SELECT id FROM proposals")).status_code == 303
    assert editions(bob, DUNE) == {OTHER_DUNE, ARRAKIS}
    assert "is the same work as" in bob.get(f"/books/{DUNE}").text
    history = bob.get(f"/books/{ARRAKIS}/history").text
    assert "is the same work as" in history
    assert "<bdi>Bob</bdi>" in history
    assert "The same text." in history
    assert kinds(select, "Bob") == ["proposal-made", "proposal-accepted"]
    assert undo(mo, DUNE, select).status_code == 303
    assert editions(bob, DUNE) == {OTHER_DUNE}
    assert "undone by" in bob.get(f"/books/{DUNE}/history").text


def test_a_moderator_splits_moves_and_undoes_at_once(bob: Site, mo: Site, select: Select) -> None:
    assert say(mo, OTHER_DUNE, "split").status_code == 303
    assert editions(bob, DUNE) == set()
    assert undo(mo, OTHER_DUNE, select).status_code == 303
    assert editions(bob, DUNE) == {OTHER_DUNE}
    assert say(mo, OTHER_DUNE, "move", ARRAKIS).status_code == 303
    assert editions(bob, ARRAKIS) == {OTHER_DUNE}
    assert "is an edition of" in bob.get(f"/books/{OTHER_DUNE}").text
    assert undo(mo, OTHER_DUNE, select).status_code == 303
    assert editions(bob, DUNE) == {OTHER_DUNE}
    assert select("SELECT count(*) FROM proposals") == 0


def test_this_is_not_an_edition_of_that(bob: Site, mo: Site, select: Select) -> None:
    say(bob, OTHER_DUNE, "split")
    assert "It is not an edition of the book that it is listed with." in mo.get(QUEUE).text
    assert refuse(mo, select("SELECT id FROM proposals"), "It is.").status_code == 303
    assert editions(bob, DUNE) == {OTHER_DUNE}
    say(bob, OTHER_DUNE, "split")
    accept(mo, select("SELECT max(id) FROM proposals"))
    assert editions(bob, DUNE) == set()


@pytest.mark.parametrize(
    ("isbn", "kind", "other", "said"),
    [
        (DUNE, "merge", "", "Enter the other book’s ISBN or address."),
        (DUNE, "merge", "9780000000002", "No book in this catalogue has the ISBN"),
        (DUNE, "merge", "Arrakis", "is not an ISBN"),
        (DUNE, "move", "goodreads:7", "No book in this catalogue has the identifier"),
        (DUNE, "merge", DUNE, "Both are already listed"),
        (DUNE, "merge", OTHER_DUNE, "Both are already listed"),
        (ARRAKIS, "split", "", "not listed with any other edition"),
        (DUNE, "marry", ARRAKIS, "Not a valid choice"),
    ],
)
def test_what_makes_no_sense_is_refused(
    bob: Site, mo: Site, select: Select, isbn: str, kind: str, other: str, said: str
) -> None:
    for site in (bob, mo):
        response = say(site, isbn, kind, other)
        assert response.status_code == 422
        assert said in response.text
    assert select("SELECT count(*) FROM proposals") == 0


def test_the_same_suggestion_waits_once(alice: Site, bob: Site, select: Select) -> None:
    assert say(bob, DUNE, "merge", ARRAKIS).status_code == 303
    assert say(bob, DUNE, "merge", ARRAKIS).status_code == 409
    assert say(alice, DUNE, "merge", ARRAKIS).status_code == 303
    assert select("SELECT count(*) FROM proposals") == 2


def test_what_another_moderator_did_meanwhile_is_accepted_without_a_second_correction(
    bob: Site, mo: Site, select: Select
) -> None:
    say(bob, DUNE, "merge", ARRAKIS)
    say(mo, ARRAKIS, "merge", DUNE)
    assert accept(mo, select("SELECT id FROM proposals")).status_code == 303
    assert select("SELECT count(*) FROM work_corrections") == 1


@pytest.fixture
def of_site(select: Select) -> int:
    """A suggestion of the site itself: flyleaf/queries/duplicates.py."""
    found: int = select(
        "INSERT INTO proposals (kind, book_id, other_book_id)"
        " SELECT 'merge', one.id, two.id FROM books AS one, books AS two"
        "  WHERE one.isbn = :one AND two.isbn = :two RETURNING id",
        one=ARRAKIS,
        two=DUNE,
    )
    return found


def test_what_the_site_suggested_is_said_to_be_from_the_site(
    alice: Site, bob: Site, mo: Site, of_site: int, select: Select
) -> None:
    queue = mo.get(QUEUE).text
    assert "suggested by the site itself" in queue
    assert "Deleted account" not in queue
    assert accept(mo, of_site).status_code == 303
    assert editions(bob, ARRAKIS) == {DUNE, OTHER_DUNE}
    for address in (f"/books/{ARRAKIS}/history", f"/books/{DUNE}"):
        page = alice.get(address).text
        assert "suggested by the site itself" in page
        assert 'accepted by <a href="/readers/Mo"><bdi>Mo</bdi></a>' in page
        assert "Deleted account" not in page
    mo.submit("/account/delete", reviews="delete", password=PASSWORD)
    page = alice.get(f"/books/{ARRAKIS}/history").text
    assert "suggested by the site itself" in page
    assert "accepted by Deleted account" in page
    assert kinds(select, "Bob") == []


def test_what_the_site_suggested_is_refused_without_a_reason(mo: Site, of_site: int, select: Select) -> None:
    assert "The site will not suggest this again." in mo.get(f"{QUEUE}/{of_site}/refuse").text
    assert refuse(mo, of_site, "").status_code == 303
    assert select("SELECT NOT is_accepted AND answer IS NULL FROM proposals") is True
    assert "No open suggestions." in mo.get(QUEUE).text


def test_the_history_says_who_suggested_and_who_accepted(bob: Site, mo: Site, visit: Visit, select: Select) -> None:
    say(bob, DUNE, "merge", ARRAKIS)
    accept(mo, select("SELECT id FROM proposals"))
    page = bob.get(f"/books/{DUNE}/history").text
    assert 'by <a href="/readers/Bob"><bdi>Bob</bdi></a>' in page
    assert 'accepted by <a href="/readers/Mo"><bdi>Mo</bdi></a>' in page
    say(mo, OTHER_DUNE, "split")
    assert bob.get(f"/books/{OTHER_DUNE}/history").text.count("accepted by") == 0
    bob.submit("/account/delete", reviews="delete", password=PASSWORD)
    page = mo.get(f"/books/{DUNE}/history").text
    assert "by Deleted account" in page
    assert "suggested by the site" not in page


def test_only_moderators_undo_and_only_once(bob: Site, mo: Site, select: Select) -> None:
    say(mo, DUNE, "merge", ARRAKIS)
    number = select("SELECT id FROM work_corrections")
    assert "/undo" not in bob.get(f"/books/{DUNE}/history").text
    token = hidden_fields(bob.get("/account").text)
    assert bob.client.post(f"/work-corrections/{number}/undo", data=token).status_code == 404
    assert mo.client.post(f"/work-corrections/{number}/undo").status_code == 400
    token = hidden_fields(mo.get("/account").text)
    statuses = [mo.client.post(f"/work-corrections/{number}/undo", data=token).status_code for _ in range(2)]
    assert statuses == [303, 409]
    assert mo.client.post(f"/work-corrections/{number + 1}/undo", data=token).status_code == 404


def seen(site: Site, isbn: str) -> tuple[object, ...]:
    """What a book's page and the API say of its reviews."""
    answer = site.get(f"/api/{isbn}").get_json()
    page = site.get(f"/books/{isbn}").text
    texts = {one for one in ("Bob on Dune.", "Alice on Dune.", "Bob on Arrakis.") if one in page}
    return answer["review_count"], answer["average_score"], texts


def test_an_undone_merge_gives_every_review_and_rating_back(
    alice: Site, bob: Site, mo: Site, visit: Visit, select: Select
) -> None:
    """Bob reviewed both books: while they are one, only the newer review counts."""
    bob.review(DUNE, 5, "Bob on Dune.")
    alice.review(OTHER_DUNE, 2, "Alice on Dune.")
    bob.review(ARRAKIS, 1, "Bob on Arrakis.")
    reviews = "SELECT jsonb_agg(to_jsonb(r) ORDER BY id) FROM reviews AS r"
    stored, carol = select(reviews), visit().registered("Carol")
    before = [seen(carol, isbn) for isbn in (DUNE, OTHER_DUNE, ARRAKIS)]
    assert before == [(2, 3.5, {"Bob on Dune.", "Alice on Dune."})] * 2 + [(1, 1, {"Bob on Arrakis."})]
    say(carol, ARRAKIS, "merge", DUNE)
    accept(mo, select("SELECT id FROM proposals"))
    merged = [seen(carol, isbn) for isbn in (DUNE, OTHER_DUNE, ARRAKIS)]
    assert merged == [(2, 1.5, {"Alice on Dune.", "Bob on Arrakis."})] * 3
    assert undo(mo, ARRAKIS, select).status_code == 303
    assert [seen(carol, isbn) for isbn in (DUNE, OTHER_DUNE, ARRAKIS)] == before
    assert select(reviews) == stored

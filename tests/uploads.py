"""A reading history that a reader of the tests brings, and all that an import can change."""

import html
import io
import re

from werkzeug.test import TestResponse

from tests.site import Site, hidden_fields

HEADER = (
    "Book Id,Title,Author,ISBN,ISBN13,My Rating,Date Read,Date Added,Bookshelves,Exclusive Shelf,My Review,"
    "Private Notes\n"
)
DUNE = '1,Dune,Frank Herbert,,="9780441172719",4,2023/03/21,2022/12/31,sf,read,Sand.<br/>Worms.,mine\n'
# All that an import can change, in a form that can be compared.
STATE = """
    SELECT jsonb_build_array(
        (SELECT jsonb_agg(jsonb_build_array(b.title, r.rating, r.exact_rating, r.text, r.is_private, r.language,
                                                    r.edited_at) ORDER BY b.title)
           FROM reviews AS r JOIN books AS b ON b.id = r.book_id),
        (SELECT jsonb_agg(jsonb_build_array(title, author, book_id IS NULL, status, notes, added_at) ORDER BY title)
           FROM shelved_books),
        (SELECT jsonb_agg(jsonb_build_array(started_on, started_precision, finished_on, finished_precision)
                          ORDER BY started_on, finished_on) FROM readings),
        (SELECT jsonb_agg(jsonb_build_array(title, year) ORDER BY id) FROM books),
        (SELECT jsonb_agg(jsonb_build_array(name, is_public) ORDER BY name) FROM shelves),
        (SELECT count(*) FROM shelf_members),
        (SELECT count(*) FROM proposals WHERE decided_at IS NULL))
"""


def upload(
    site: Site, content: str | bytes, name: str = "goodreads_library_export.csv", language: str = "en"
) -> TestResponse:
    data = content.encode() if isinstance(content, str) else content
    fields = hidden_fields(site.get("/import").text)
    return site.client.post(
        "/import", data=fields | {"file": (io.BytesIO(data), name)}, headers={"Accept-Language": language}
    )


def brought(site: Site, content: str) -> str:
    """The address of the dry run."""
    answer = upload(site, content)
    assert answer.status_code == 303, answer.text
    return answer.location


def said(site: Site, address: str) -> str:
    """The text of a page's main part."""
    page = site.get(address).text.partition("<main")[2].partition("</main>")[0]
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", page)).split())


def press(site: Site, page: str, action: str, **fields: str) -> TestResponse:
    answer = site.submit(page, f"{page.partition('?')[0]}/{action}", **fields)
    assert answer.status_code == 303, answer.text
    return answer

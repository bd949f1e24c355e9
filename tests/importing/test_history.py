"""Reading histories: what readers' exports say of their readers, whatever the site."""

import gzip
import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyleaf.history import HistoryRow, PartialDate, RefusedRow
from flyleaf.importing import UnusableFileError
from flyleaf.importing.cleaning.review_cells import review_cell, review_text
from flyleaf.importing.history import read_history, read_upload
from flyleaf.importing.reading import packed_file
from flyleaf.importing.reading.source import open_source
from tests.importing.files import written

GOODREADS = (
    "Book Id,Title,Author,Author l-f,Additional Authors,ISBN,ISBN13,My Rating,Average Rating,Publisher,Binding,"
    "Number of Pages,Year Published,Original Publication Year,Date Read,Date Added,Bookshelves,"
    "Bookshelves with positions,Exclusive Shelf,My Review,Spoiler,Private Notes,Read Count,Owned Copies\n"
)
STORYGRAPH = (
    "Title,Authors,Contributors,ISBN/UID,Format,Read Status,Date Added,Last Date Read,Dates Read,Read Count,"
    "Star Rating,Review,Tags,Owned?\n"
)
LIBRARYTHING = (
    "Book Id\tTitle\tPrimary Author\tSecondary Author\tPublication\tDate\tReview\tRating\tPrivate Comment\t"
    "Date Started\tDate Read\tTags\tCollections\tISBN\tISBNs\tEntry Date\n"
)
BOOKWYRM = (
    "title,author_text,remote_id,openlibrary_key,goodreads_key,isbn_10,isbn_13,start_date,finish_date,stopped_date,"
    "rating,review_name,review_cw,review_content,review_published,shelf,shelf_name,shelf_date\n"
)
OPENREADS = (
    "title,subtitle,author,description,status,favourite,deleted,rating,pages,publisher,publication_year,isbn,olid,tags,"
    "my_review,notes,book_format,readings,date_added,date_modified\n"
)


def history(folder: Path, content: str | bytes) -> tuple[str, list[HistoryRow | RefusedRow]]:
    with open_source(written(folder, content)) as source:
        found = read_history(source)
        return found.format, list(found.rows)


def days(row: HistoryRow) -> list[str]:
    """The dates of the readings: 2021-05/2021-06, /2022, and / if none is known."""
    return [f"{began or ''}/{ended or ''}" for began, ended in row.readings]


def only_row(folder: Path, content: str) -> HistoryRow:
    _, [row] = history(folder, content)
    assert isinstance(row, HistoryRow)
    return row


def test_goodreads(tmp_path: Path) -> None:
    row = only_row(
        tmp_path,
        GOODREADS + '7,"Dune (Dune, #1)",Frank Herbert,"Herbert, Frank",,="0441172717",="9780441172719",4,4.2,Ace,'
        'Paperback,604,1990,1965,2023/03/21,2022/12/31,"sf, read","sf (#1)",read,"One.<br/>Two &amp; '
        '<spoiler>sand</spoiler>",,"Lent to Ann",1,0\n',
    )
    assert row == HistoryRow(
        line=2,
        title="Dune",
        author="Frank Herbert",
        isbn="9780441172719",
        identity="9780441172719",
        identifiers=("goodreads:7",),
        series="Dune #1",
        year=1965,
        publisher="Ace",
        pages=604,
        status="read",
        shelves=("sf",),
        rating=Decimal(4),
        review="One.\nTwo & ||sand||",
        readings=((None, PartialDate(date(2023, 3, 21))),),
        notes="Lent to Ann",
        added_on=date(2022, 12, 31),
    )


def test_a_review_that_is_a_spoiler_as_a_whole(tmp_path: Path) -> None:
    row = only_row(tmp_path, GOODREADS + "7,Dune,Frank Herbert,,,,,0,,,,,,,,,,,dropped,He dies.,true,,0,0\n")
    assert (row.review, row.status, row.shelves) == ("||He dies.||", None, ("dropped",))
    assert row.rating is None, "0 is no rating"


def test_the_storygraph(tmp_path: Path) -> None:
    row = only_row(
        tmp_path,
        STORYGRAPH + "Dune,Frank Herbert,,9780441172719,paperback,did-not-finish,2021/05/10,2022/01/02,"
        '"2021/05/11-2021/05/12, 2022/01/02",2,4.25,"<div>Good,<br>""really"".</div>","sf, lent",No\n',
    )
    assert (row.status, row.rating, row.review) == ("did-not-finish", Decimal("4.25"), 'Good,\n"really".')
    assert days(row) == ["2021-05-11/2021-05-12", "/2022-01-02"]
    assert (row.shelves, row.problems) == (("sf", "lent"), ())


def test_librarything(tmp_path: Path) -> None:
    row = only_row(
        tmp_path,
        LIBRARYTHING + "61\tDune\tHerbert, Frank\t\tAce (1990)\t1990\tOne.[return]Two.\t3.5\tmine\t[2020-01-01]\t"
        "[2020-02-01]\tsf, lent\tYour library, Read but unowned\t[0441172717]\t0441172717\t[2019-12-24]\n",
    )
    assert (row.status, row.rating, row.review, row.notes) == ("read", Decimal("3.5"), "One.\nTwo.", "mine")
    assert (row.shelves, days(row)) == (("sf", "lent", "Your library"), ["2020-01-01/2020-02-01"])
    assert row.added_on == date(2019, 12, 24)


def test_librarything_as_json(tmp_path: Path) -> None:
    row = only_row(
        tmp_path,
        '{"61": {"books_id": "61", "title": "Dune", "primaryauthor": "Herbert, Frank", "rating": 4.5, '
        '"review": "Good.", "dateread": "2020-02-01", "tags": ["sf"], "collections": ["To read"], '
        '"entrydate": "2019-12-24"}}',
    )
    assert (row.author, row.status, row.rating, row.review) == ("Frank Herbert", "read", Decimal("4.5"), "Good.")
    assert (row.shelves, days(row)) == (("sf",), ["/2020-02-01"])


def test_bookwyrm(tmp_path: Path) -> None:
    row = only_row(
        tmp_path,
        BOOKWYRM
        + "Dune,Frank Herbert,https://example.org/book/1,,7,,9780441172719,2025-01-01,,2025-02-01,3.5,Sand,war,"
        "Long.,2025-03-01 10:00:00+00:00,stopped-reading,Stopped Reading,2025-02-01\n",
    )
    assert (row.status, row.rating, row.identifiers) == ("did-not-finish", Decimal("3.5"), ("goodreads:7",))
    assert row.review == "Sand\n\nwar\n||Long.||"
    assert days(row) == ["2025-01-01/2025-02-01"]
    assert row.reviewed_at == datetime(2025, 3, 1, 10, tzinfo=UTC)


def test_a_shelf_of_ones_own_at_bookwyrm(tmp_path: Path) -> None:
    row = only_row(tmp_path, BOOKWYRM + "Dune,Frank Herbert,,,,,,,,,,,,,,poems-12,Poems,\n")
    assert (row.status, row.shelves) == (None, ("Poems",))


def test_openreads(tmp_path: Path) -> None:
    row = only_row(
        tmp_path,
        OPENREADS + "Dune,,Frank Herbert,,abandoned,false,false,4.5,604,Ace,1965,9780441172719,OL1M,sf|||||lent,Good.,"
        "mine,paperback,2021-01-01T00:00:00.000|2021-02-01T00:00:00.000|;2022-01-01T00:00:00.000||,"
        "2020-05-01T09:00:00.000,2020-05-01T09:00:00.000\n",
    )
    assert (row.status, row.rating, row.review, row.notes) == ("did-not-finish", Decimal("4.5"), "Good.", "mine")
    assert days(row) == ["2021-01-01/2021-02-01", "2022-01-01/"]
    assert (row.shelves, row.added_on) == (("sf", "lent"), date(2020, 5, 1))


def test_calibre_does_not_know_what_was_read(tmp_path: Path) -> None:
    header = "author_sort,authors,isbn,rating,tags,timestamp,title,uuid\n"
    row = only_row(tmp_path, header + '"A","Ann A",,4,"a","2021-01-19T22:41:16+01:00",T,u\n')
    assert (row.status, row.shelves, row.rating) == (None, ("Calibre",), Decimal(4))
    assert row.added_on == date(2021, 1, 19)


def test_columns_of_no_particular_site(tmp_path: Path) -> None:
    row = only_row(
        tmp_path, "Title;Author;My Rating;Date Started;Date Read;Status;Tags\nDune;F. H.;4,5;;3/21/2023;Finished;a,b\n"
    )
    assert (row.status, row.rating, row.shelves) == ("read", Decimal("4.5"), ("a", "b"))
    assert days(row) == ["/2023-03-21"]


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ("4.3,2023-03-21,read,", "rating"),
        ("6,2023-03-21,read,", "rating"),
        ("NaN,2023-03-21,read,", "rating"),
        ("-1,2023-03-21,read,", "rating"),
        ("4,2023-02-30,read,", "readings"),
        ("4,3/4/2023,read,", "readings"),
        ("4,2999-01-01,read,", "readings"),
        (f"4,2023-03-21,read,{'a' * 10_001}", "review"),
        (f"4,2023-03-21,{'a' * 51},", "shelves"),
    ],
)
def test_what_cannot_be_used_is_left_out_and_named(tmp_path: Path, cells: str, problem: str) -> None:
    row = only_row(tmp_path, f"title,author,rating,date read,status,review\nDune,Frank Herbert,{cells}\n")
    assert row.problems == (problem,)


@pytest.mark.parametrize(
    ("dates", "count", "expected"),
    [
        ("2023", "", ["/2023"]),
        ("2023/03", "", ["/2023-03"]),
        ("2023-03", "", ["/2023-03"]),
        ("2023/03/00", "", ["/2023-03"]),
        ("March 2023", "", ["/2023-03"]),
        ("3/4/2023", "", ["/2023"]),  # April or March
        ("2021/05-2021/06, 2022", "3", ["2021-05/2021-06", "/2022", "/"]),
        ("2021/05/11-2021/05", "", ["2021-05-11/2021-05"]),
        ("2021-2022", "", ["2021/2022"]),
        ("2021/05/11-2020", "", ["/2020"]),  # it can't end before it begins
        ("", "1", []),  # the status says so
        ("", "2", ["/", "/"]),
        ("2021/05/11", "1", ["/2021-05-11"]),
        ("2021/05/11, 2022/01/02", "1", ["/2021-05-11", "/2022-01-02"]),
        ("?, 2021/05/11, ?", "", ["/2021-05-11", "/", "/"]),
        ("?, 2021/05/11, ?", "3", ["/2021-05-11", "/", "/"]),
        ("", "100000", ["/"] * 100),
    ],
)
def test_readings_of_which_less_than_the_day_is_known(
    tmp_path: Path, dates: str, count: str, expected: list[str]
) -> None:
    row = only_row(tmp_path, f'title,author,status,dates read,read count\nDune,Ann,read,"{dates}",{count}\n')
    assert days(row) == expected
    assert HistoryRow.from_json(json.loads(row.to_json())) == row


def test_names_of_shelves_that_could_not_stand_in_an_address(tmp_path: Path) -> None:
    """Their pages would not be found: such a shelf could be neither opened nor renamed nor deleted."""
    row = only_row(tmp_path, STORYGRAPH + 'Dune,Ann,,,,read,,,,0,4,,"sf/fantasy, ..., /, 日本, ★",No\n')
    assert (row.shelves, row.problems) == (("sf-fantasy", "日本", "★"), ("shelves",))


def test_cells_that_are_almost_only_blanks(tmp_path: Path) -> None:
    """What looks for dates or numbers in them must not begin anew at each blank: that would take minutes."""
    blanks = " " * 100_000
    row = only_row(tmp_path, f"{STORYGRAPH}Dune,Ann,,1{blanks}y,,read,,,2021{blanks}x,0,4,,,No\n")
    assert (row.isbn, row.problems) == (None, ("identifiers", "readings"))
    row = only_row(tmp_path, GOODREADS + f"7,Dune,Ann,,,,,4,,,,12{blanks}x,,,,,,,read,,,,0,0\n")
    assert (row.rating, row.pages) == (Decimal(4), None)


@pytest.mark.parametrize("written", ["2021", "2021-03", "2021-03-21", "0999-12"])
def test_a_date_is_written_as_it_is_read(written: str) -> None:
    found = PartialDate.parse(written)
    assert str(found) == written
    for day in (found.first, found.last):
        assert PartialDate.in_which(day, found.precision) == found


def test_books_that_are_paused_or_owned(tmp_path: Path) -> None:
    """The status that is nearest, and beside it a shelf that says the rest."""
    paused = only_row(tmp_path, STORYGRAPH + "Dune,Frank Herbert,,,paperback,paused,,,,0,,,sf,Yes\n")
    assert (paused.status, paused.shelves, paused.problems) == ("reading", ("paused", "sf", "owned"), ())
    owned = only_row(tmp_path, GOODREADS + "7,Dune,Frank Herbert,,,,,0,,,,,,,,,,,to-read,,,,0,2\n")
    assert (owned.status, owned.shelves) == ("to-read", ("owned",))


def test_a_row_without_a_title_is_refused(tmp_path: Path) -> None:
    _, rows = history(tmp_path, "title,author,rating\n,Ann,4\nDune,Ann,4\nDune,Ann,4,5\n")
    assert [(type(row), row.line) for row in rows] == [(RefusedRow, 2), (HistoryRow, 3), (RefusedRow, 4)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("isbn,title,author,year\n0441172717,Dune,Frank Herbert,1965\n", "no column of a reader’s own"),
        (
            "<?xml version='1.0'?><collection xmlns='http://www.loc.gov/MARC21/slim'><record/></collection>",
            "is a catalogue",
        ),
        ("\x89PNG\r\n\x1a\n", "not text"),
        ("", "is empty"),
    ],
)
def test_files_that_are_no_reading_history(tmp_path: Path, content: str, reason: str) -> None:
    with pytest.raises(UnusableFileError, match=reason):
        history(tmp_path, content)


@pytest.mark.parametrize("line", [b"\n", b"\r\n", b" \n"])
def test_50_mb_of_empty_lines_are_not_read_to_their_end(line: bytes) -> None:
    """A gzip file of 48 KB held a thread for 11.7 seconds."""
    packed = gzip.compress(b"title,author,rating\nDune,Ann,4\n" + line * (50_000_000 // len(line)), 1)
    with (
        pytest.raises(UnusableFileError, match="more than 1,000,000 lines: delete empty lines, or export fewer books"),
        read_upload(io.BytesIO(packed)) as found,
    ):
        list(found.rows)


@pytest.mark.parametrize("pack", [gzip.compress, lambda content: gzip.compress(gzip.compress(content, 1))])
def test_what_an_upload_unpacks_to_is_limited(pack: Callable[[bytes], bytes]) -> None:
    """65 MB from a few kilobytes were read, as only the ratio of larger files was looked at."""
    packed = pack(b"title,author,rating\n" + (b"Dune,Ann,4" + b" " * 99_993 + b"\n") * 680)
    with (
        pytest.raises(UnusableFileError, match="it unpacks to more than 64 MB: export fewer books at a time"),
        read_upload(io.BytesIO(packed)) as found,
    ):
        list(found.rows)


def test_the_time_of_reading_an_upload_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    now = thread_time()
    clock = iter([*[now + 19] * 2, *[now + 21] * 100])  # the third look is one too late
    monkeypatch.setattr(packed_file, "thread_time", lambda: next(clock))
    content = b"title,author,rating\n" + (b"Dune,Ann,4" + b" " * 993 + b"\n") * 2_000
    with (
        pytest.raises(UnusableFileError, match="more than 20 seconds to read: export fewer books at a time"),
        read_upload(io.BytesIO(content)) as found,
    ):
        list(found.rows)


def test_an_operators_file_has_no_such_limits(tmp_path: Path) -> None:
    _, rows = history(tmp_path, gzip.compress(b"title,author,rating\nDune,Ann,4\n" + b"\n" * 1_100_000, 1))
    assert len(rows) == 1


@given(st.text(alphabet=st.sampled_from("ab <>&;|\n*/brspoile")))
def test_a_review_in_our_own_export_is_read_as_it_was(text: str) -> None:
    written_here = "\n".join(line.strip(" ") for line in text.strip().split("\n"))
    assert review_text(review_cell(written_here)) == written_here


def test_a_row_without_a_cell_that_can_be_used_is_kept_as_it_was() -> None:
    row = HistoryRow(2, "")
    assert HistoryRow.from_json(json.loads(row.to_json())) == row

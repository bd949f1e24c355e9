"""Open Library's dumps: what is read of an edition and of an author, and the lines that can't be read."""

import gzip
import io
import json
from pathlib import Path

import pytest

from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.importing.command import import_files
from flyleaf.importing.reading.source import UnusableFileError
from flyleaf.importing.reporting.report import Report
from flyleaf.importing.table import ROWS_AT_ONCE, Reason
from tests.importing.files import imported, numbers, rows_of
from tests.importing.formats.tables import read_file

DEBATES = (
    "/type/edition\t/books/OL10000179M\t4\t2010-04-24T17:54:01.503315\t"
    '{"publishers": ["Stationery Office"], "physical_format": "Hardcover", "subtitle": "26 January - 4 February 1998", '
    '"title": "Parliamentary Debates, House of Lords, 1997-98", "isbn_10": ["0107805855"], "identifiers": '
    '{"goodreads": ["2862283"]}, "isbn_13": ["9780107805852"], "edition_name": "5th edition", "languages": '
    '[{"key": "/languages/eng"}], "number_of_pages": 124, "last_modified": {"type": "/type/datetime", "value": '
    '"2010-04-24T17:54:01.503315"}, "latest_revision": 4, "key": "/books/OL10000179M", "authors": '
    '[{"key": "/authors/OL2645811A"}], "publish_date": "January 1999", "works": [{"key": "/works/OL7925994W"}], '
    '"type": {"key": "/type/edition"}, "subjects": ["Reference works"], "revision": 4}\n'
)
CARY = (
    "/type/author\t/authors/OL21003A\t4\t2017-03-31T08:51:05.317330\t"
    '{"bio": {"type": "/type/text", "value": "Born in Derry, Ireland."}, "name": "Joyce Cary", "personal_name": '
    '"Cary, Joyce", "death_date": "1957", "alternate_names": ["Arthur Joyce Lunel Cary"], "key": "/authors/OL21003A", '
    '"type": {"key": "/type/author"}, "revision": 4}\n'
)
REDIRECT = (
    "/type/redirect\t/books/OL1M\t2\t2010-04-24T17:54:01.503315\t"
    '{"key": "/books/OL1M", "type": {"key": "/type/redirect"}, "location": "/books/OL2M"}\n'
)
WORK = '/type/work\t/works/OL1W\t1\t2010-04-24T17:54:01.503315\t{"title": "Dune", "key": "/works/OL1W"}\n'
DUNE: dict[str, object] = {"title": "Dune", "isbn_13": ["9780441172719"]}
COLUMNS = (
    *"isbn title author year publisher language pages description subjects series other_titles".split(),
    *"identifiers author_keys".split(),
)


def line(record: object, kind: str = "edition", key: str = "/books/OL1M") -> str:
    return f"/type/{kind}\t{key}\t1\t2022-12-22T19:20:44.396666\t{json.dumps(record)}\n"


def cell_of(folder: Path, column: str, **fields: object) -> str:
    """Of the edition of Dune with these fields."""
    [cell] = read_file(folder, line(DUNE | fields)).column(column)
    return cell


def test_what_becomes_of_an_edition(tmp_path: Path) -> None:
    read = read_file(tmp_path, DEBATES)
    assert read.format == "openlibrary"
    assert (read.table.kind, read.table.columns) == ("books", COLUMNS)
    assert read.records == [
        (
            "9780107805852",
            "Parliamentary Debates, House of Lords, 1997-98: 26 January - 4 February 1998",
            "",
            "January 1999",
            "Stationery Office",
            "eng",
            "124",
            "",
            "Reference works;",
            "",
            "",
            "openlibrary:OL10000179M goodreads:2862283",
            "OL2645811A",
        )
    ]


def test_other_titles(tmp_path: Path) -> None:
    titles = {"other_titles": ["Sand", None, ""], "translation_of": "Der Wüstenplanet"}
    assert cell_of(tmp_path, "other_titles", **titles) == "Sand | Der Wüstenplanet"


@pytest.mark.parametrize(
    ("series", "cell"),
    [(["Dune Chronicles -- bk. 1", "Ace books"], "Dune Chronicles -- bk. 1; Ace books"), ("Dune", "Dune"), ([], "")],
)
def test_series(tmp_path: Path, series: object, cell: str) -> None:
    assert cell_of(tmp_path, "series", series=series) == cell


def test_what_becomes_of_an_author(tmp_path: Path) -> None:
    personal = line({"personal_name": "Li Bai"}, "author", "/authors/OL7A")
    read = read_file(tmp_path, CARY + personal)
    assert read.format == "openlibrary"
    assert (read.table.kind, read.table.columns) == ("author_names", ("key", "name"))
    assert read.records == [("OL21003A", "Joyce Cary"), ("OL7A", "Li Bai")]


def test_a_packed_dump(tmp_path: Path) -> None:
    read = read_file(tmp_path, gzip.compress(DEBATES.encode() * 1000))
    assert read.column("isbn") == ["9780107805852"] * 1000


@pytest.mark.parametrize(
    ("thirteen", "ten", "isbn"),
    [
        (["9780441172719"], ["0441172717"], "9780441172719"),
        ([], ["0441172717", "0141439580"], "0441172717"),
        (["9780441172710"], ["0441172717"], "0441172717"),
        (["9780441172710"], ["0441172718"], "9780441172710"),
        (["nonsense"], ["0-441-17271-7"], "0-441-17271-7"),
        (["nonsense"], ["044117271"], "nonsense"),
        ("9780441172719", None, "9780441172719"),
        ([None, 9780441172719, {"value": "0441172717"}], {}, "0441172717"),
        ([], [], ""),
        (None, [[["0441172717"]]], ""),
    ],
)
def test_of_the_isbns_the_first_valid_one_counts(tmp_path: Path, thirteen: object, ten: object, isbn: str) -> None:
    assert cell_of(tmp_path, "isbn", isbn_13=thirteen, isbn_10=ten) == isbn


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"title": "Dune"}, "Dune"),
        ({"title": "Dune", "subtitle": "a novel"}, "Dune: a novel"),
        ({"title": "Hobbit", "title_prefix": "The", "subtitle": None}, "The Hobbit"),
        ({"title": "", "subtitle": "a novel"}, ""),
        ({"title": {"type": "/type/text", "value": "Dune"}}, "Dune"),
        ({"title": ["Dune", "Second"]}, "Dune"),
        ({"title": 1984}, ""),
        ({"title": "\U0001f4da \u00e9t\u00e9"}, "\U0001f4da \u00e9t\u00e9"),
        ({"title": "half \ud83d a \udcda letter"}, "half  a  letter"),
        ({"title": "C:\\ud83d\\n"}, "C:\\ud83d\\n"),
    ],
)
def test_titles(tmp_path: Path, fields: dict[str, object], title: str) -> None:
    assert cell_of(tmp_path, "title", **fields) == title


@pytest.mark.parametrize(
    ("fields", "author", "keys"),
    [
        ({"authors": [{"key": "/authors/OL1A"}, {"key": "/authors/OL22A"}]}, "", "OL1A OL22A"),
        ({"authors": [{"key": "/a/OL1A"}, None, "x", {"key": None}, {"key": "/authors/OL1A\tOL2A"}]}, "", "OL1A"),
        ({"authors": [{"key": "/authors/OL1A"}], "by_statement": "by Frank Herbert."}, "", "OL1A"),
        ({"by_statement": "by Frank Herbert ; illustrated by Me."}, "Frank Herbert", ""),
        ({"authors": [], "by_statement": "Frank Herbert."}, "Frank Herbert", ""),
        ({"authors": {"key": "/authors/OL1A"}}, "", "OL1A"),
        ({"authors": 7}, "", ""),
        ({}, "", ""),
    ],
)
def test_authors_are_named_by_their_keys(tmp_path: Path, fields: dict[str, object], author: str, keys: str) -> None:
    assert (cell_of(tmp_path, "author", **fields), cell_of(tmp_path, "author_keys", **fields)) == (author, keys)


@pytest.mark.parametrize(
    ("column", "fields", "cell"),
    [
        ("year", {"publish_date": "March 5, 1965"}, "March 5, 1965"),
        ("year", {"publish_date": None}, ""),
        ("publisher", {"publishers": ["Chilton", "Ace"]}, "Chilton"),
        ("publisher", {"publishers": []}, ""),
        ("language", {"languages": [{"key": "/languages/fre"}, {"key": "/languages/eng"}]}, "fre"),
        ("language", {"languages": [{"key": "/l/fre"}]}, "fre"),
        ("language", {"languages": [None]}, ""),
        ("pages", {"number_of_pages": 412}, "412"),
        ("pages", {"number_of_pages": 0}, ""),
        ("pages", {"number_of_pages": "412"}, "412"),
        ("pages", {"number_of_pages": None}, ""),
        ("description", {"description": "Sand."}, "Sand."),
        ("description", {"description": {"type": "/type/text", "value": "Sand."}}, "Sand."),
        ("description", {"description": {"type": "/type/text"}}, ""),
    ],
)
def test_the_other_cells(tmp_path: Path, column: str, fields: dict[str, object], cell: str) -> None:
    assert cell_of(tmp_path, column, **fields) == cell


START = "/type/edition\t/books/OL9M\t1\t2022-12-22T19:20:44.396666\t"


@pytest.mark.parametrize(
    ("broken", "detail"),
    [
        (START + '{"isbn_10": ["0441172717"', "'/books/OL9M' is broken JSON"),
        (START + '["isbn_10"]', "'/books/OL9M' is not a JSON object"),
        (START + '{"isbn_10": ' + "[" * 100_000, "'/books/OL9M' is broken JSON"),
        (START + '{"isbn_10": ' + "1" * 5_000 + "}", "'/books/OL9M' is broken JSON"),
        ('/type/edition\t{"isbn_10": ["0441172717"]', "'{\"isbn_10\": [\"0441172717\"]' is broken JSON"),
        ("/type/edition\t\x1b[2J\t1\t\t\"isbn_10\"", "'\\x1b[2J' is not a JSON object"),
    ],
    ids=["cut off", "list", "deep", "large number", "no columns", "control characters"],
)  # fmt: skip
def test_a_line_that_can_not_be_read_is_refused_and_the_others_stay(tmp_path: Path, broken: str, detail: str) -> None:
    read = read_file(tmp_path, f"{DEBATES}{broken}\n{line(DUNE)}")
    assert read.lines == [1, 3]
    [refusal] = read.refused
    assert (refusal.line, refusal.reason) == (2, Reason.UNREADABLE)
    assert refusal.detail == detail
    assert "\t".join(refusal.cells) == broken


def test_editions_without_an_isbn(tmp_path: Path) -> None:
    read = read_file(tmp_path, line({"title": "Old"}, key="/books/OL3M") * (ROWS_AT_ONCE + 1))
    assert read.lines == list(range(1, ROWS_AT_ONCE + 2))
    assert set(zip(read.column("isbn"), read.column("identifiers"), strict=True)) == {("", "openlibrary:OL3M")}


def test_what_others_call_an_edition(tmp_path: Path) -> None:
    others = {
        "goodreads": ["61", 5],
        "librarything": ["7"],
        "amazon": ["B002MQYOFW"],
        "google": ["x"],
        "flyleaf": ["y"],
    }
    fields = {"oclc_numbers": ["ocm00123"], "lccn": ["   65022547 "], "identifiers": others}
    assert cell_of(tmp_path, "identifiers", **fields) == (
        "openlibrary:OL1M oclc:ocm00123 lccn:65022547 goodreads:61 librarythingwork:7 asin:B002MQYOFW"
    )
    assert cell_of(tmp_path, "identifiers", identifiers=["goodreads"]) == "openlibrary:OL1M"


@pytest.mark.parametrize(
    "author",
    [line({"name": ""}, "author", "/authors/OL1A"), line({"name": "X"}, "author", "/authors/x y"), CARY[:-20] + "\n"],
    ids=["no name", "no key", "cut off"],
)
def test_authors_that_can_not_be_read_are_refused(tmp_path: Path, author: str) -> None:
    read = read_file(tmp_path, CARY + author)
    assert read.records == [("OL21003A", "Joyce Cary")]
    assert [refusal.reason for refusal in read.refused] == [Reason.UNREADABLE]


def test_lines_of_other_types_are_passed_over_and_counted(tmp_path: Path) -> None:
    read = read_file(tmp_path, DEBATES + REDIRECT + WORK + line(DUNE))
    assert read.lines == [1, 4]
    assert read.refused == []
    assert read.remarks == ["2 lines of the dump are neither editions nor authors and were skipped."]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (WORK, "it is an Open Library dump of neither editions nor authors: import the dumps ol_dump_ed"),
        (REDIRECT + DEBATES, "it is an Open Library dump of neither editions nor authors"),
        (CARY + DEBATES, "line 2: the dump contains both editions and authors: import the dumps ol_dump_editions and"),
        (DEBATES + WORK + CARY, "line 3: the dump contains both editions and authors"),
    ],
    ids=["works", "all types", "authors first", "editions first"],
)  # fmt: skip
def test_a_dump_of_other_things(tmp_path: Path, content: str, problem: str) -> None:
    with pytest.raises(UnusableFileError) as caught:
        read_file(tmp_path, content)
    assert str(caught.value).startswith(problem)
    assert len(str(caught.value).splitlines()) == 1


def by(*keys: str) -> list[dict[str, str]]:
    return [{"key": f"/authors/{key}"} for key in keys]


def test_the_names_come_from_the_other_dump_in_any_order(config: Config, database: Database, tmp_path: Path) -> None:
    editions, authors = tmp_path / "editions.txt", tmp_path / "authors.txt"
    editions.write_text(
        line({"title": "Good Omens", "isbn_10": ["0060853980"], "authors": by("OL1A", "OL2A")})
        + line({"title": "Dune", "isbn_10": ["0441172717"], "authors": by("OL3A")}, key="/books/OL2M")
    )
    authors.write_text(
        line({"name": "Terry  Pratchett"}, "author", "/authors/OL1A")
        + line({"name": "Neil Gaiman"}, "author", "/authors/OL2A")
    )
    stored = "SELECT title, author FROM books ORDER BY title"
    report = Report(out := io.StringIO(), io.StringIO())
    assert numbers(import_files(config, [editions, authors], report)) == (2, 0, 0, 0)
    assert rows_of(database, stored) == [("Dune", ""), ("Good Omens", "Terry Pratchett, Neil Gaiman")]
    assert "1 rows give only the keys of their authors" in out.getvalue()
    assert numbers(imported(config, editions)) == (0, 0, 2, 0)  # alone, it takes no name away


def test_as_many_authors_as_fit(config: Config, database: Database, tmp_path: Path) -> None:
    editions, authors = tmp_path / "editions.txt", tmp_path / "authors.txt"
    keys = [f"OL{number}A" for number in range(10, 40)]
    editions.write_text(line({"title": "Anthology", "isbn_10": ["0441172717"], "authors": by(*keys)}))
    authors.write_text("".join(line({"name": f"{key:N<100}"}, "author", f"/authors/{key}") for key in keys))
    assert numbers(import_files(config, [authors, editions], Report(io.StringIO(), io.StringIO()))) == (1, 0, 0, 0)
    [(author,)] = rows_of(database, "SELECT author FROM books")
    assert len(str(author).split(", ")) == 4


def test_of_two_names_of_an_author_the_last_one_counts_and_none_stands_twice(
    config: Config, database: Database, tmp_path: Path
) -> None:
    folder = tmp_path
    editions, first, second = folder / "editions.txt", folder / "first.txt", folder / "second.txt"
    keys = [{"key": f"/authors/{key}"} for key in ("OL2A", "OL1A", "OL2A")]
    editions.write_text(line(DUNE | {"authors": keys}))
    first.write_text(
        line({"name": "Herbert"}, "author", "/authors/OL1A")
        + line({"name": "Frank Herbert"}, "author", "/authors/OL1A")
        + line({"name": "Anderson"}, "author", "/authors/OL2A")
    )
    second.write_text(line({"name": "Kevin Anderson"}, "author", "/authors/OL2A"))
    import_files(config, [first, editions, second], Report(io.StringIO(), io.StringIO()))
    assert rows_of(database, "SELECT author FROM books") == [("Kevin Anderson, Frank Herbert",)]

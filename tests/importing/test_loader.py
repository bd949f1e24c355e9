"""From rows to the catalogue: what is added, changed and left alone, and what an import never touches."""

import io
import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from flyleaf.config import PROJECT, Config
from flyleaf.database import Database, DatabaseUnusableError
from flyleaf.importing import loader
from flyleaf.importing.command import Options, import_files, import_if_empty
from flyleaf.importing.loader import ImportRunningError, import_transaction
from flyleaf.importing.reading.source import UnusableFileError
from flyleaf.importing.reporting.report import Advance, Report
from flyleaf.search import SearchQuery, search_books
from tests.importing.files import DUNE, EMMA, HEADER, generated, imported, numbers, rows_of, written
from tests.importing.formats.marc_files import marc
from tests.places import eventually

pytestmark = pytest.mark.slow

# The course's own books.csv, which is not ours to ship: COURSE_BOOKS=… make test
CS50 = Path(os.environ.get("COURSE_BOOKS", PROJECT / "cs50-books.csv"))
RATED = "isbn,title,author,year,average_rating,ratings_count\n"
RATINGS = "SELECT average_rating::text, ratings_count FROM books WHERE average_rating IS NOT NULL"


def quiet() -> Report:
    return Report(io.StringIO(), io.StringIO())


def test_books_are_added_and_a_second_run_changes_nothing(config: Config, database: Database, tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + DUNE + EMMA)
    assert numbers(imported(config, path)) == (2, 0, 0, 0)
    assert rows_of(database, "SELECT isbn, isbn13, title, author, year FROM books ORDER BY title") == [
        ("0441172717", "9780441172719", "Dune", "Frank Herbert", 1965),
        ("0141439580", "9780141439587", "Emma", "Jane Austen", 1815),
    ]
    before = rows_of(database, "SELECT xmin::text, ctid::text, id FROM books ORDER BY id")
    assert numbers(imported(config, path)) == (0, 0, 2, 0)
    assert rows_of(database, "SELECT xmin::text, ctid::text, id FROM books ORDER BY id") == before


def test_the_file_of_the_course(config: Config, database: Database) -> None:
    if not CS50.exists():
        pytest.skip("COURSE_BOOKS does not name the course's books.csv")
    outcome = imported(config, CS50)
    assert numbers(outcome) == (5000, 0, 0, 0)
    assert outcome.findings.wrong_digits.count == 16
    assert outcome.findings.repeated.count == 0
    assert rows_of(database, "SELECT count(*), count(*) FILTER (WHERE isbn LIKE '%X') FROM books") == [(5000, 444)]
    assert rows_of(database, r"SELECT count(*) FROM books WHERE title ~ '^\s|\s$|\s\s'") == [(0,)]
    assert numbers(imported(config, CS50)) == (0, 0, 5000, 0)


def test_a_changed_title_is_changed_in_place_and_its_review_stays(
    config: Config, database: Database, tmp_path: Path
) -> None:
    imported(config, written(tmp_path, HEADER + DUNE + EMMA))
    with database.transaction() as connection:
        connection.execute(text("INSERT INTO readers (name, name_key, password_hash) VALUES ('Alice', 'alice', 'x')"))
        connection.execute(
            text("""
                INSERT INTO reviews (book_id, reader_id, rating, text)
                SELECT books.id, readers.id, 5, 'Sand.' FROM books, readers WHERE isbn = '0441172717'
            """)
        )
    outcome = imported(config, written(tmp_path, HEADER + DUNE.replace("Dune", "Dune Messiah") + EMMA))
    assert numbers(outcome) == (0, 1, 1, 0)
    assert rows_of(database, "SELECT title, rating, text FROM books JOIN reviews ON reviews.book_id = books.id") == [
        ("Dune Messiah", 5, "Sand.")
    ]


def test_a_book_that_the_file_no_longer_names_stays(config: Config, database: Database, tmp_path: Path) -> None:
    imported(config, written(tmp_path, HEADER + DUNE + EMMA))
    assert numbers(imported(config, written(tmp_path, HEADER + EMMA))) == (0, 0, 1, 0)
    assert rows_of(database, "SELECT count(*) FROM books") == [(2,)]


def test_both_forms_of_an_isbn_are_one_book_kept_in_the_form_of_the_file(
    config: Config, database: Database, tmp_path: Path
) -> None:
    imported(config, written(tmp_path, HEADER + DUNE))
    outcome = imported(config, written(tmp_path, HEADER + DUNE.replace("0441172717", "978-0-441-17271-9")))
    assert numbers(outcome) == (0, 1, 0, 0)
    assert rows_of(database, "SELECT isbn, isbn13 FROM books") == [("9780441172719", "9780441172719")]


def test_of_rows_with_one_isbn_the_last_one_counts_and_the_others_are_reported(
    config: Config, database: Database, tmp_path: Path
) -> None:
    content = HEADER + "0441172717,First,x,1\n" + EMMA + "9780441172719,Second,x,2\n0-441-17271-7,Third,x,3\n"
    outcome = imported(config, written(tmp_path, content))
    assert numbers(outcome) == (2, 0, 0, 0)
    assert outcome.read == 4
    assert outcome.findings.repeated.first == [
        (2, "0441172717, again in line 5"),
        (4, "9780441172719, again in line 5"),
    ]
    assert rows_of(database, "SELECT isbn, title, year FROM books WHERE title <> 'Emma'") == [
        ("0441172717", "Third", 3)
    ]


def test_many_repeated_rows_are_counted(config: Config, tmp_path: Path) -> None:
    outcome = imported(config, written(tmp_path, HEADER + DUNE * 300))
    assert numbers(outcome) == (1, 0, 0, 0)
    assert outcome.findings.repeated.count == 299
    assert outcome.read == 300
    assert next(outcome.lines()).endswith("0 refused, 299 repeated.")


def test_optional_columns_are_stored_and_a_file_without_them_leaves_them(
    config: Config, database: Database, tmp_path: Path
) -> None:
    stored = "SELECT title, year, publisher, language, pages, description FROM books"
    whole = "isbn,title,author,year,publisher,language,pages,description\n0441172717,Dune,x,1965,Ace,en,412,Sand.\n"
    imported(config, written(tmp_path, whole))
    assert rows_of(database, stored) == [("Dune", 1965, "Ace", "en", 412, "Sand.")]
    assert numbers(imported(config, written(tmp_path, HEADER + "0441172717,Dune,x,1965\n"))) == (0, 0, 1, 0)
    assert rows_of(database, stored) == [("Dune", 1965, "Ace", "en", 412, "Sand.")]


def test_an_empty_cell_of_a_column_that_the_file_has_empties_what_is_stored(
    config: Config, database: Database, tmp_path: Path
) -> None:
    imported(config, written(tmp_path, HEADER + DUNE))
    assert numbers(imported(config, written(tmp_path, HEADER + "0441172717,Dune,,\n"))) == (0, 1, 0, 0)
    assert rows_of(database, "SELECT author, year FROM books") == [("", None)]
    assert numbers(imported(config, written(tmp_path, HEADER + "0441172717,Dune,,\n"))) == (0, 0, 1, 0)


def test_what_copy_would_read_as_its_own_signs_is_text(config: Config, database: Database, tmp_path: Path) -> None:
    titles = [r"\N", r"\.", r"C:\new\table", "a\\", "NULL", "=1+1", "\u2028é | \x1b[31m", "'; DROP TABLE books; --"]
    isbns = ["0441172717", "0141439580", "0439420890", "0380795272", "1416949658", "1857231082", "0553803700", "0007"]
    rows = [f'{isbn.zfill(10)},"{title}",x,1\n' for isbn, title in zip(isbns, titles, strict=True)]
    imported(config, written(tmp_path, HEADER + "".join(rows)))
    assert {title for (title,) in rows_of(database, "SELECT title FROM books")} == {*titles[:6], "é | [31m", titles[7]}


def test_ratings_of_other_sites(config: Config, database: Database, tmp_path: Path) -> None:
    def after(content: str) -> tuple[tuple[int, int, int, int], list[tuple[object, ...]]]:
        return numbers(imported(config, written(tmp_path, content))), rows_of(database, RATINGS)

    assert after(RATED + "0441172717,Dune,x,1,4.26,1000\n") == ((1, 0, 0, 0), [("4.260", 1000)])
    assert after(RATED + "0441172717,Dune,x,1,4.26,1000\n") == ((0, 0, 1, 0), [("4.260", 1000)])
    assert after(RATED + "0441172717,Dune,x,1,4.27,1001\n") == ((0, 1, 0, 0), [("4.270", 1001)])
    assert after(RATED + "0441172717,Dune,y,1,4.28,1001\n") == ((0, 1, 0, 0), [("4.280", 1001)])
    assert after(HEADER + "0441172717,Dune,y,1\n") == ((0, 0, 1, 0), [("4.280", 1001)])
    assert after("isbn,title,author,year,ratings_count\n0441172717,Dune,y,1,5\n") == ((0, 1, 0, 0), [("4.280", 5)])
    assert after(RATED + "0441172717,Dune,y,1,,\n") == ((0, 1, 0, 0), [])
    assert after(RATED + "0441172717,Dune,y,1,,\n") == ((0, 0, 1, 0), [])


def test_ratings_from_open_library_are_left_alone(config: Config, database: Database, tmp_path: Path) -> None:
    imported(config, written(tmp_path, HEADER + DUNE))
    insert = (
        "INSERT INTO external_ratings (book_id, source, average) SELECT id, 'open_library', 4 FROM books RETURNING 1"
    )
    rows_of(database, insert)
    imported(config, written(tmp_path, RATED + DUNE.replace("\n", ",3.5,7\n")))
    assert rows_of(database, "SELECT source, average::float FROM external_ratings") == [("open_library", 4.0)]
    assert rows_of(database, RATINGS) == [("3.500", 7)]


def test_each_row_is_counted_as_what_became_of_it(config: Config, database: Database, tmp_path: Path) -> None:
    imported(
        config, written(tmp_path, RATED + "0441172717,Dune,x,1,4,1\n0141439580,Emma,x,1,4,1\n0000000000,A,x,1,4,1\n")
    )
    content = RATED + "0441172717,Dune 2,x,1,4,1\n0141439580,Emma,x,1,4,2\n0000000000,A,x,1,4,1\n1857231082,B,x,1,,\n"
    assert numbers(imported(config, written(tmp_path, content))) == (1, 2, 1, 0)
    assert rows_of(database, "SELECT title, ratings_count FROM books ORDER BY title") == [
        ("A", 1),
        ("B", None),
        ("Dune 2", 1),
        ("Emma", 2),
    ]


def test_a_header_alone_imports_nothing(config: Config, tmp_path: Path) -> None:
    outcome = imported(config, written(tmp_path, HEADER))
    assert (numbers(outcome), outcome.read) == ((0, 0, 0, 0), 0)


def test_a_file_that_is_broken_at_its_end_changes_nothing(config: Config, database: Database, tmp_path: Path) -> None:
    path = generated(tmp_path, 3_000)
    path.write_bytes(path.read_bytes() + b'0441172717,"Caf,x,1\n')
    with pytest.raises(UnusableFileError, match="line 3002: a quote is opened here and never closed"):
        imported(config, path)
    assert rows_of(database, "SELECT count(*) FROM books") == [(0,)]


def test_a_second_importer_is_turned_away(config: Config, database: Database, tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + DUNE)
    with (
        import_transaction(database),
        pytest.raises(ImportRunningError, match=r"^Another import is running \(process \d+"),
    ):
        imported(config, path)
    assert numbers(imported(config, path)) == (1, 0, 0, 0)


class DatabaseGone(Report):
    """The server ends the importer's connection at a moment of the import."""

    def __init__(self, database: Database, moment: str) -> None:
        super().__init__(io.StringIO(), io.StringIO())
        self.database = database
        self.moment = moment

    @contextmanager
    def phase(self, name: str, text: str, total: int | None) -> Iterator[Advance]:
        yield lambda position, rows: self.end_connections() if name == self.moment else None

    def end_connections(self) -> None:
        rows_of(
            self.database,
            """SELECT pg_terminate_backend(pid)
                 FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_xid IS NOT NULL""",
        )


@pytest.mark.parametrize("moment", ["reading", "merging"])
def test_a_lost_database_is_reported_in_one_line(
    config: Config, database: Database, tmp_path: Path, moment: str
) -> None:
    path = generated(tmp_path, 3_000)
    with pytest.raises(DatabaseUnusableError) as caught:
        import_files(config, [path], DatabaseGone(database, moment))
    assert str(caught.value).startswith("The database failed: ")
    assert len(str(caught.value).splitlines()) == 1
    assert rows_of(database, "SELECT count(*) FROM books") == [(0,)]


def test_the_timeouts_of_pages_do_not_end_an_import_and_come_back_after_it(database: Database) -> None:
    show = text("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
    with import_transaction(database) as connection:
        assert tuple(connection.execute(show).one()) == ("0", "0")
    with database.transaction() as connection:
        assert tuple(connection.execute(show).one()) == ("3s", "2s")


def test_the_first_start_imports_and_the_second_does_not(database: Database, tmp_path: Path) -> None:
    out = io.StringIO()
    path = written(tmp_path, HEADER + DUNE)
    outcome = import_if_empty(database, path, Report(out, io.StringIO()))
    assert outcome is not None
    assert numbers(outcome) == (1, 0, 0, 0)
    assert out.getvalue().splitlines()[-1] == "1 rows read: 1 added, 0 changed, 0 left alone, 0 refused."
    assert import_if_empty(database, tmp_path / "not even there.csv", Report(out, io.StringIO())) is None


def test_a_start_during_an_import_says_so_and_waits_for_it(database: Database, tmp_path: Path) -> None:
    """Two first starts at once: the second site had no books while the first one imported them."""
    out, path = io.StringIO(), written(tmp_path, HEADER + DUNE)
    with ThreadPoolExecutor(1) as start:
        with import_transaction(database) as connection:
            second = start.submit(import_if_empty, database, path, Report(out, io.StringIO()))
            assert eventually(lambda: "Another import is running" in out.getvalue())
            assert not second.done()
            connection.execute(
                text("INSERT INTO books (isbn, isbn13, title) VALUES ('0441172717', '9780441172719', 'Dune')")
            )
        assert second.result() is None
    said = out.getvalue().splitlines()[-1]
    assert re.fullmatch(r"Another import is running \(process \d+, since \d+ s\): waiting until it ends …", said)


def test_a_first_start_without_its_database(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnusableError, match=r"Nothing answers at 127\.0\.0\.1:1"):
        import_if_empty(Database("postgresql+psycopg2://127.0.0.1:1/x"), written(tmp_path, HEADER + DUNE), quiet())


def test_of_two_starts_at_once_one_imports(database: Database, tmp_path: Path) -> None:
    path = generated(tmp_path, 1_000)
    with ThreadPoolExecutor(2) as starts:
        outcomes = list(starts.map(lambda _: import_if_empty(database, path, quiet()), range(2)))
    assert [numbers(outcome) for outcome in outcomes if outcome] == [(1_000, 0, 0, 0)]
    assert rows_of(database, "SELECT count(*) FROM books") == [(1_000,)]


def test_what_was_imported_is_found_at_once_and_what_changed_is_found_by_its_new_name(
    config: Config, database: Database, tmp_path: Path
) -> None:
    imported(config, written(tmp_path, HEADER + DUNE + EMMA))
    imported(config, written(tmp_path, HEADER + DUNE.replace("Dune", "Arrakis")))
    with database.transaction() as connection:
        found = {
            q: [r.title for r in search_books(connection, SearchQuery(q)).results] for q in ("arrakis", "dune", "emma")
        }
        waiting = connection.execute(text("SELECT count(*) FROM search_changes")).scalar_one()
    assert found == {"arrakis": ["Arrakis"], "dune": [], "emma": ["Emma"]}
    assert waiting == 0


def test_an_import_is_in_the_audit_trail(config: Config, database: Database, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.csv")
    path.write_text(HEADER + DUNE)
    imported(config, path)
    [(kind, detail)] = rows_of(database, "SELECT kind, detail FROM events")
    assert kind == "catalogue-imported"
    assert isinstance(detail, dict)
    assert str(detail.pop("files")).endswith("caf?.csv")
    assert detail == {"added": 1, "changed": 0, "left_alone": 0, "refused": 0}


def test_the_audit_trail_holds_the_names_of_many_files(config: Config, database: Database, tmp_path: Path) -> None:
    folder = tmp_path / ("\x01" * 250)
    folder.mkdir()
    paths = [folder / f"{number}.csv" for number in range(100)]
    for path in paths:
        path.write_text(HEADER + DUNE)
    import_files(config, paths, quiet())
    [(detail,)] = rows_of(database, "SELECT detail ->> 'files' FROM events")
    names = "".join(f"…{chr(1) * 194}/{number}.csv, " for number in range(3))
    assert detail == names.removesuffix(", ") + " and 97 more"


@pytest.fixture
def settings_at_the_end(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The timeout of each attempt to bring the search up to date after the commit, which fails."""
    found: list[str] = []

    def settle_search(connection: Connection) -> None:
        found.append(connection.execute(text("SELECT current_setting('statement_timeout')")).scalar_one())
        connection.execute(text("SELECT 1 / 0"))

    monkeypatch.setattr(loader, "settle_search", settle_search)
    return found


def test_what_fails_after_the_commit_is_a_remark(
    config: Config, database: Database, tmp_path: Path, settings_at_the_end: list[str]
) -> None:
    out = io.StringIO()
    path, rejects = written(tmp_path, HEADER + DUNE + "0141439580,,x,1\n"), tmp_path / "refused.csv"
    outcome = import_files(config, [path], Report(out, io.StringIO()), Options(rejects=rejects))
    assert numbers(outcome) == (1, 0, 0, 1)
    assert "The import succeeded, but the search may be incomplete until the next import: The database failed: " in (
        out.getvalue()
    )
    assert settings_at_the_end == ["0"]
    assert rejects.exists()
    assert rows_of(database, "SELECT title FROM books") == [("Dune",)]


def test_a_dry_run_leaves_the_search_alone(config: Config, tmp_path: Path, settings_at_the_end: list[str]) -> None:
    import_files(config, [written(tmp_path, HEADER + DUNE)], quiet(), Options(dry_run=True))
    assert settings_at_the_end == []


def test_of_records_the_number_is_told_as_such(config: Config, database: Database, tmp_path: Path) -> None:
    record = marc(("020", "  $a9780306406157"), ("245", "10$aA plain title /$cAnn Author."))
    outcome = imported(config, written(tmp_path, record + record))
    assert numbers(outcome) == (1, 0, 0, 0)
    assert list(outcome.findings.repeated.lines())[1:] == ["  record 1: 9780306406157, again in record 2"]


def test_a_description_keeps_its_paragraphs(config: Config, database: Database, tmp_path: Path) -> None:
    content = (
        "isbn,title,description\n"
        '9780316000048,In two paragraphs,"First  paragraph.\r\n\r\nSecond \\n paragraph\nof two lines."\n'
        '9780316000031,With tags,"<p>First &amp; more.</p>\n<p>Second, with <em>The Other</em>, a break<br>here.</p>"\n'
    )
    path = written(tmp_path, content)
    assert numbers(imported(config, path)) == (2, 0, 0, 0)
    assert rows_of(database, "SELECT description FROM books ORDER BY id") == [
        ("First paragraph.\n\nSecond \\n paragraph\nof two lines.",),
        ("First & more.\n\nSecond, with The Other, a break\nhere.",),
    ]
    assert numbers(imported(config, path)) == (0, 0, 2, 0)

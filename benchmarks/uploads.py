"""make bench-uploads, or python -m benchmarks.uploads: measure bringing a reading history, compared with floors in the
same run.

    reading    the file, and storing its rows
    matching   compared with looking the rows' ISBNs up by key, as many in one statement
    writing    compared with inserting as many shelved books, readings and reviews, a hundred in one statement
    undoing    compared with the same
    memory     the peak of the process that does all of it, which reads, matches and writes as a site's worker does

The seconds of the processors are those of this program and of its server together. On a busy machine they say more than
the clock. The files are Goodreads' exports, made from the generated catalogue: of ten rows seven have a book's ISBN,
one only its title and author, one a title with a mistake, and one is a book that isn't there. Each is brought in a
process of its own, by a reader of its own.
"""

import argparse
import csv
import io
import multiprocessing
import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from sqlalchemy import text

from benchmarks.importing import server_processors
from benchmarks.search import catalogue, product
from benchmarks.search.building import is_current, work_folder
from flyleaf.database import Database
from flyleaf.importing.history import read_upload
from flyleaf.queries.readers import insert_reader
from flyleaf.queries.upload_rows import insert_upload_rows
from flyleaf.queries.upload_work import MATCHED_AT_ONCE, WRITTEN_AT_ONCE, continue_next_upload
from flyleaf.queries.uploads import UploadState, begin_work, finish_upload, insert_upload, is_in_work
from flyleaf.views.uploads import AT_ONCE

HEADER = ("Book Id", "Title", "Author", "ISBN", "ISBN13", "My Rating", "Date Read", "Date Added", "Bookshelves",
          "Exclusive Shelf", "My Review", "Private Notes", "Read Count")  # fmt: skip
FLOORS = {"matching": "looking up", "writing": "inserting", "undoing": "inserting"}
LOOK_UP = "SELECT id FROM books WHERE identity = ANY (:identities)"
INSERT = """
WITH book AS (SELECT id, title, author, isbn FROM books WHERE id = ANY (:ids)),
     shelved AS (INSERT INTO shelved_books (reader_id, book_id, title, author, isbn, title_key, author_key, status)
                 SELECT :reader_id, id, title, author, isbn, left(lower(title), 500), left(lower(author), 500), 'read'
                   FROM book
                 RETURNING id),
     read AS (INSERT INTO readings (reader_id, shelved_book_id, finished_on)
              SELECT :reader_id, id, current_date FROM shelved)
INSERT INTO reviews (book_id, reader_id, rating, text) SELECT id, :reader_id, 4, '' FROM book
"""


@dataclass
class Brought:
    """What bringing a file cost: of each phase and floor the seconds by the clock and of the processors. `kinds` is how
    rows were matched."""

    rows: int
    costs: dict[str, tuple[float, float]] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)
    megabytes: float = 0

    @contextmanager
    def timed(self, phase: str, database: Database) -> Iterator[None]:
        start, before = time.perf_counter(), time.process_time() + server_processors(database)
        yield
        seconds = time.perf_counter() - start
        self.costs[phase] = seconds, time.process_time() + server_processors(database) - before


def main() -> int:
    """Print the costs and return the exit code."""
    options = _arguments()
    folder = work_folder(None, options.books, options.seed)
    books = folder / "catalogue.csv"
    if not is_current(books):
        catalogue.write(books, options.books, options.seed)
    with product.serving(folder / "uploads-site") as (config, database):
        product.build(config, database, books)
        url = database.engine.url.render_as_string(hide_password=False)
        for rows in options.rows:
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
                _print(process.submit(bring, url, goodreads(books, rows, options.seed), rows).result())
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.uploads", description="Measure what uploads cost.")
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 20_000], help="of each file (1000 20000)")
    parser.add_argument("--books", type=int, default=30_000, help="size of the generated catalogue (30,000)")
    parser.add_argument("--seed", type=int, default=42, help="a different seed generates a different catalogue")
    return parser.parse_args()


def goodreads(books: Path, rows: int, seed: int) -> bytes:
    """Return an export with so many rows of the catalogue's books."""
    dice = random.Random(seed)
    with books.open(encoding="utf-8", newline="") as file:
        known = list(csv.DictReader(file))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for number, book in enumerate(dice.sample(known, rows)):
        title, author, isbn = book["title"], book["author"], book["isbn"]
        kind = number % 10
        if kind >= 7:
            isbn = ""
        if kind == 8:
            place = dice.randrange(len(title))
            title = title[:place] + title[place + 1 :] or "-"
        elif kind == 9:
            title, author = " ".join(reversed(title.split())) + f" {number}", f"Nemo {author}"
        isbn10 = isbn if len(isbn) == 10 else ""
        isbn13 = isbn if len(isbn) == 13 else ""
        read = f"20{number % 20 + 10}/{number % 12 + 1:02d}/{number % 28 + 1:02d}"
        review = f"What I thought of {title}." if number % 10 == 0 else ""
        writer.writerow([10**9 + number, title, author, f'="{isbn10}"', f'="{isbn13}"', number % 6, read, read,
                         "favourites" if number % 20 == 0 else "", "read", review, "", 1])  # fmt: skip
    return out.getvalue().encode()


def bring(url: str, file: bytes, rows: int) -> Brought:
    """Bring a file of so many rows, and undo it. Return what that cost."""
    brought, database = Brought(rows), Database(url)
    with database.transaction() as connection:
        readers = [insert_reader(connection, f"{name} {rows} {time.time_ns()}", "-") for name in ("Reader", "Floor")]
    reader_id, floor_id = (reader.id for reader in readers if reader)
    memory = _peak()
    with brought.timed("reading", database):
        upload_id = _read(database, reader_id, io.BytesIO(file))
    with brought.timed("looking up", database):
        _look_up(database, upload_id)
    with brought.timed("matching", database):
        _work(database, upload_id)
    with database.transaction() as connection:
        one_a_work = text("SELECT lead_book_id FROM search_works ORDER BY lead_book_id LIMIT :rows")
        ids = connection.scalars(one_a_work, {"rows": rows}).all()
    with brought.timed("inserting", database):
        _insert(database, floor_id, ids)
    for phase, state in (("writing", UploadState.WRITING), ("undoing", UploadState.UNDOING)):
        with database.transaction() as connection:
            begin_work(connection, upload_id, state)
        with brought.timed(phase, database):
            _work(database, upload_id)
    with database.transaction() as connection:
        counted = connection.execute(
            text("SELECT match, count(*) AS rows FROM upload_rows WHERE upload_id = :id GROUP BY match ORDER BY match"),
            {"id": upload_id},
        )
        brought.kinds = {row.match: row.rows for row in counted}
    brought.megabytes = _peak() - memory
    database.close()
    return brought


def _read(database: Database, reader_id: int, file: io.BytesIO) -> int:
    """Store the rows of the file, as the view does, and return the upload's id."""
    with read_upload(file) as history:
        with database.transaction() as connection:
            upload_id = insert_upload(connection, reader_id, "benchmark", history.format)
        count = 0
        while some := list(islice(history.rows, AT_ONCE)):
            with database.transaction() as connection:
                insert_upload_rows(connection, upload_id, some, count + 1)
            count += len(some)
    with database.transaction() as connection:
        finish_upload(connection, upload_id, count)
    return upload_id


def _work(database: Database, upload_id: int) -> None:
    """Do what is to be done with the upload, a transaction for each step."""
    goes_on = True
    while goes_on:
        continue_next_upload(database.transaction, "no", upload_id)
        with database.transaction() as connection:
            goes_on = is_in_work(connection, upload_id)


def _peak() -> float:
    """Return the most megabytes that this process has had; on Linux only. ru_maxrss begins with those of its parent."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _look_up(database: Database, upload_id: int) -> None:
    with database.transaction() as connection:
        said = text("SELECT said ->> 'identity' FROM upload_rows WHERE upload_id = :id ORDER BY n")
        identities = [identity for identity in connection.scalars(said, {"id": upload_id}) if identity]
    for start in range(0, len(identities), MATCHED_AT_ONCE):
        with database.transaction() as connection:
            connection.execute(text(LOOK_UP), {"identities": identities[start : start + MATCHED_AT_ONCE]}).all()


def _insert(database: Database, reader_id: int, ids: Sequence[int]) -> None:
    for start in range(0, len(ids), WRITTEN_AT_ONCE):
        with database.transaction() as connection:
            connection.execute(text(INSERT), {"reader_id": reader_id, "ids": ids[start : start + WRITTEN_AT_ONCE]})


def _print(brought: Brought) -> None:
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in brought.kinds.items())
    print(f"{brought.rows:,} rows ({kinds}); {brought.megabytes:.0f} MB more than before, at the peak")
    for phase, floor in (("reading", ""), *FLOORS.items()):
        seconds, processors = brought.costs[phase]
        line = f"  {phase:8} {seconds:7.2f} s, {processors:.2f} of processors"
        if floor:
            bare, bare_processors = brought.costs[floor]
            line += (
                f": {seconds / bare:.1f} times the {bare:.2f} s of {floor}, {processors / bare_processors:.1f} times "
                f"its {bare_processors:.2f} of processors"
            )
        print(line, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())

"""The search of the site as the benchmark builds and asks it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from benchmarks.search import determinism, product
from flyleaf.config import Config
from flyleaf.database import Database
from tests.importing.files import imported
from tests.postgresql import Server

CATALOGUE = """\
ISBN,Title,Authors,Original publication year,ratings_count
0441172717,Dune,Frank Herbert,1965,7
0141439580,Emma,Jane Austen,1815,
"""


@pytest.fixture
def url(server: Server) -> Iterator[str]:
    """The URL of a database for benchmarks alone."""
    yield server.create_database("benchmark", template="template")
    server.drop_database("benchmark")


def test_a_database_is_emptied_filled_exported_and_asked(server: Server, url: str, tmp_path: Path) -> None:
    """Pages run as another role than the owner, which could not empty it."""
    (tmp_path / "books.csv").write_text(CATALOGUE, encoding="utf-8")
    with Database(server.site_url("benchmark"), owner_url=url) as database:
        for _ in range(2):  # what an earlier run left is gone
            product.empty(database)
            with database.engine.connect() as connection:
                assert connection.execute(text("SELECT count(*) FROM books")).scalar() == 0
            imported(Config(data=tmp_path, database_url=url), tmp_path / "books.csv")
        product.export(database, tmp_path / "exported.csv", "title DESC")
        answers = determinism.ask(database, ["emma: a novel", "frank herbert dune", "emma"], clients=2)
    assert (tmp_path / "exported.csv").read_text(encoding="utf-8").splitlines() == [
        "isbn,title,author,year,average_rating,ratings_count",
        "0141439580,Emma,Jane Austen,1815,,0",
        "0441172717,Dune,Frank Herbert,1965,,7",
    ]
    assert answers["emma"] == [("0141439580", "Emma", "Jane Austen")]
    assert answers["frank herbert dune"] == [("0441172717", "Dune", "Frank Herbert")]
    assert len(answers) == 3

"""Other titles: at most ten of a book, and what can't be used is left out and told."""

from pathlib import Path

import pytest
from sqlalchemy import text

from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.importing.cleaning.cells import CellError
from flyleaf.importing.fields import RULES
from flyleaf.limits import OTHER_TITLES_MAX, OTHER_TITLES_OF_A_BOOK, TITLE_MAX
from flyleaf.search import SearchQuery, search_books
from tests.importing.files import imported, numbers, rows_of, written

RULE = RULES["other_titles"]


@pytest.mark.parametrize(
    ("cell", "titles"),
    [
        ("", ""),
        ("Le Petit Prince", "Le Petit Prince"),
        ("Le  petit\tprince | Der kleine Prinz|", "Le petit prince | Der kleine Prinz"),
        ("Dune|Dune| Dune ", "Dune"),
        (" | ||", ""),
        ("<i>Dune</i>|A &amp; B", "Dune | A & B"),
    ],
)
def test_titles_stand_between_bars(cell: str, titles: str) -> None:
    assert RULE.cell(cell) == titles
    assert RULE.cell(titles) == titles
    assert list(RULE.column([cell])) == [titles]


@pytest.mark.parametrize(
    ("cell", "usable"),
    [
        (f"Dune|{'x' * (TITLE_MAX + 1)}|Sand", "Dune | Sand"),
        ("x" * (TITLE_MAX + 1), ""),
        ("|".join(map(str, range(30))), " | ".join(map(str, range(OTHER_TITLES_OF_A_BOOK)))),
        ("Dune \udc00", ""),
    ],
)
def test_what_can_not_be_used_is_left_out_and_told(cell: str, usable: str) -> None:
    with pytest.raises(CellError) as told:
        RULE.cell(cell)
    assert told.value.usable == usable


def test_ten_long_titles_fit() -> None:
    cell = "|".join(f"{number}{'x' * (TITLE_MAX - 1)}" for number in range(OTHER_TITLES_OF_A_BOOK))
    with pytest.raises(CellError) as told:
        RULE.cell(cell)
    assert len(told.value.usable) <= OTHER_TITLES_MAX


def test_an_original_title_is_kept_and_finds_its_book(config: Config, database: Database, tmp_path: Path) -> None:
    rows = (
        "isbn,title,authors,original_title\n"
        "0156012197,The Little Prince,Antoine de Saint-Exupéry,Le Petit Prince|Der kleine Prinz\n"
        "0441172717,Dune,Frank Herbert,\n"
        f"0141439580,Emma,Jane Austen,{'x' * 1_001}\n"
    )
    file = written(tmp_path, rows)
    assert numbers(imported(config, file)) == (3, 0, 0, 0)
    assert numbers(imported(config, file)) == (0, 0, 3, 0)
    assert rows_of(database, "SELECT other_titles FROM books ORDER BY isbn LIMIT 9") == [
        (None,),
        ("Le Petit Prince | Der kleine Prinz",),
        (None,),
    ]
    with database.engine.begin() as connection:
        for query in (
            "le petit prince",
            "petit prince saint exupery",
            "kleine prinz",
            "title:petit",
            "the little prince",
        ):
            found = search_books(connection, SearchQuery(query)).results
            assert [book.title for book in found] == ["The Little Prince"], query
    with database.owner.begin() as connection:
        kept = connection.execute(text("SELECT forms, words FROM search_works ORDER BY id LIMIT 9")).all()
        connection.execute(text("SELECT search_rebuild()"))
        assert connection.execute(text("SELECT forms, words FROM search_works ORDER BY id LIMIT 9")).all() == kept
        connection.execute(text("UPDATE books SET other_titles = NULL"))
        assert search_books(connection, SearchQuery("kleine prinz")).total == 0

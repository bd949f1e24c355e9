"""The plain engine that the search is compared with."""

import pytest

from benchmarks.search import fts5

CATALOGUE = """\
isbn,title,author
0441172717,Dune,Frank Herbert
0441013597,Dune,Frank Herbert
0441172695,Dune messiah,Frank Herbert
2070360024,L'Étranger,Albert Camus
0140449175,"Emma ""and"" others",Jane Austen
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> fts5.Fts5:
    folder = tmp_path_factory.mktemp("fts5")
    (folder / "catalogue.csv").write_text(CATALOGUE, encoding="utf-8")
    fts5.build(folder / "catalogue.csv", folder)
    fts5.build(folder / "catalogue.csv", folder)  # what was there is replaced
    return fts5.Fts5(folder)


@pytest.mark.parametrize(
    ("typed", "titles"),
    [
        ("dune: a novel", ["Dune", "Dune messiah"]),
        ("messiah paperback", ["Dune messiah"]),
        ("l'etranger", ["L'Étranger"]),
        ("austen", ['Emma "and" others']),
        ('"and" OR NOT (', ['Emma "and" others']),
        ("dunes", []),
        ("- ( \x00 *", []),
        ("", []),
    ],
)
def test_any_word_finds_a_book_and_editions_are_one_result(engine: fts5.Fts5, typed: str, titles: list[str]) -> None:
    assert [title for _, title, _ in engine.search(typed)] == titles

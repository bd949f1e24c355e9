"""What the benchmark of the search prints."""

from pathlib import Path

import pytest

from benchmarks.search import determinism, reports
from benchmarks.search.scoring import Answer, Found
from benchmarks.search.workload import Query

DUNE = ("0441172717", "Dune", "Frank Herbert")
EMMA = ("0141439580", "Emma", "Jane Austen")


class Engine:
    """Stands in for the search of the site. Its processor time is counted, or not."""

    def __init__(self, processor: float | None) -> None:
        self._processor = processor

    def search(self, text: str) -> list[Found]:
        return [DUNE]

    def in_database(self, ask: object, query: str) -> tuple[float, float | None]:
        return float(len(query)), self._processor


def answer(kind: str, place: int, first: Found | None = DUNE) -> Answer:
    return Answer(Query(kind, f"{kind}?", "item", "dune|frank herbert", "-"), place, [1.0], first)


def test_slow_queries_are_timed_by_the_clock_in_statements_and_on_the_processor(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for processor, lines in ((2.0, 3), (None, 2)):
        engine = Engine(processor)
        reports.print_slow(engine, {"Flyleaf": engine.search}, ["the", "of"])  # type: ignore[arg-type]
        assert capsys.readouterr().out.count(" p99 ") == lines


def test_misses_name_the_query_and_what_came_first_but_none_that_is_held_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    reports.print_misses([
        answer("T book", 2, EMMA), answer("T novel", 1), answer("exact_title", 0, None), answer("unseen before", 0),
        answer("held-out typo", 2),
    ])  # fmt: skip
    assert capsys.readouterr().out.splitlines()[2:] == [
        "  2 T book: T book?: Emma / Jane Austen",
        "  0 exact_title: exact_title?: nothing",
    ]


def test_each_group_has_a_table_and_each_peer_a_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    ours, theirs = [answer("T book", 2), answer("isbn", 1)], [answer("T book", 1), answer("isbn", 0)]
    reports.print_groups({"Flyleaf": ours, "fts5": theirs})
    printed = capsys.readouterr().out
    assert [line for line in printed.splitlines() if line in reports.GROUPS] == ["classic", "surplus"]
    assert printed.splitlines()[-1] == "More than 0.02 of MRR below fts5: T book 0.500 against 1.000"


def test_the_commonest_words_are_those_of_most_titles(tmp_path: Path) -> None:
    (tmp_path / "books.csv").write_text("title\nthe the sea\nThe sky\nsea: the song\nsong\n")
    assert reports.commonest(tmp_path / "books.csv", 2) == ["the", "sea"]


def test_answers_that_differ_are_listed_with_the_first_place_that_does(capsys: pytest.CaptureFixture[str]) -> None:
    before = {"dune": [DUNE, EMMA], "emma": [EMMA], "x": [], "same": [DUNE]}
    after = {"dune": [DUNE], "emma": [DUNE], "x": [EMMA], "same": [DUNE]}
    assert determinism.report("again", before, after) == 3
    assert capsys.readouterr().out.splitlines() == [
        "again: 3 of 4 answers differ, in 1 of them one is empty",
        "  'dune': at 2 'Emma' (0141439580) and then nothing",
        "  'emma': at 1 'Emma' (0141439580) and then 'Dune' (0441172717)",
        "  'x': at 1 nothing and then 'Emma' (0141439580)",
    ]

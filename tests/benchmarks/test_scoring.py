"""Scores of a search: where the book came, and how long it took."""

import pytest

from benchmarks.search.scoring import Answer, Found, Score, Search, by_kind, compare, rank, shortfalls, table
from benchmarks.search.workload import Query

DUNE = ("0441172717", "Dune", "Frank Herbert")
EMMA = ("0141439580", "Emma", "Jane Austen")


def query(mode: str = "item", target: str = "dune|frank herbert", kind: str = "title") -> Query:
    return Query(kind, "dune", mode, target, "uniform")


def answer(place: int, milliseconds: float = 1.0, mode: str = "item", kind: str = "title") -> Answer:
    return Answer(query(mode, kind=kind), place, [milliseconds])


@pytest.mark.parametrize(
    ("mode", "target"),
    [
        ("item", "dune|frank herbert"),
        ("author", "frank herbert"),
        ("isbn", "9780441172719"),
        ("isbn_prefix", "044117"),
        ("isbn_prefix", "978044117"),
        ("substring", "erbe"),
    ],
)
def test_each_mode_has_its_own_idea_of_what_is_meant(mode: str, target: str) -> None:
    assert rank(query(mode, target), [EMMA, DUNE]) == 2
    assert rank(query(mode, target), [EMMA]) == 0


def test_what_comes_behind_the_tenth_place_is_not_found() -> None:
    assert rank(query(), [EMMA] * 9 + [DUNE]) == 10
    assert rank(query(), [EMMA] * 10 + [DUNE]) == 0


def test_nothing_is_meant_by_what_is_for_speed_alone() -> None:
    assert rank(query("none", ""), [DUNE]) == 0
    assert Score.of([answer(0, mode="none")]).mrr is None


def test_a_score_is_of_the_queries_that_mean_something_and_its_times_of_all() -> None:
    score = Score.of([answer(1, 4), answer(2, 1), answer(0, 3), answer(4, 2), answer(0, 9, mode="none")])
    assert (score.queries, score.success_1, score.success_10) == (5, 0.25, 0.75)
    assert score.mrr == pytest.approx((1 + 1 / 2 + 1 / 4) / 4)
    assert score.times == [1, 2, 3, 4, 9]
    assert (score.percentile(50), score.percentile(100)) == (3, 9)


def test_the_smallest_of_the_repeats_counts() -> None:
    assert Answer(query(), 1, [3.0, 1.0, 2.0]).milliseconds == 1.0


def test_engines_are_asked_in_turns() -> None:
    asked: list[str] = []

    def engine(name: str) -> Search:
        def search(text: str) -> list[Found]:
            asked.append(name)
            return [DUNE]

        return search

    answers = compare({"a": engine("a"), "b": engine("b")}, [query(), query()], passes=3)
    assert asked == ["a", "b"] * 6
    assert [[len(one.times) for one in given] for given in answers.values()] == [[3, 3], [3, 3]]


def test_a_slow_engine_is_asked_once() -> None:
    answers = compare({"a": lambda text: [DUNE], "b": lambda text: []}, [query()], passes=3, once=["b"])
    assert {name: (one.rank, len(one.times), one.first) for name, [one] in answers.items()} == {
        "a": (1, 3, DUNE), "b": (0, 1, None),
    }  # fmt: skip


def test_a_kind_that_falls_behind_is_named() -> None:
    ours, theirs = [answer(2), answer(1, kind="isbn")], [answer(1), answer(1, kind="isbn")]
    assert list(shortfalls(ours, theirs, 0.02)) == ["title 0.500 against 1.000"]
    assert list(shortfalls(ours, theirs, 0.5)) == []


def test_the_table_has_a_line_for_each_kind_and_engine_and_one_for_all() -> None:
    answers = [answer(1), answer(1, kind="isbn"), answer(0, mode="none", kind="common")]
    lines = [line.split() for line in table({"Flyleaf": answers, "FTS5": answers})][1:]
    kinds = ["common", "isbn", "title", "all"]
    assert [line[:2] for line in lines] == [[kind, engine] for kind in kinds for engine in ("Flyleaf", "FTS5")]
    assert by_kind([answer(1)])["title"].success_1 == 1

"""Attempts are counted exactly, also when many come at the same moment."""

from collections.abc import Callable

import pytest

from flyleaf.database import Database
from flyleaf.limits import Rate
from flyleaf.queries.attempts import Attempt, Limit, delete_attempt, insert_attempt
from tests.fixture_types import Select, Together

ALICE = Limit(b"a" * 32, Rate(3, 300))
BOB = Limit(b"b" * 32, Rate(3, 300))
EVERYBODY = Limit(b"e" * 32, Rate(5, 600))


@pytest.fixture
def attempt(database: Database) -> Callable[..., Attempt]:
    def insert(*limits: Limit) -> Attempt:
        with database.transaction() as connection:
            return insert_attempt(connection, limits)

    return insert


@pytest.fixture
def later(select: Select) -> Callable[[str], None]:
    """As if that much time had passed."""

    def shift(interval: str) -> None:
        select(
            """
            UPDATE attempts
               SET kept_until = kept_until - CAST(:by AS interval),
                   moments = ARRAY(SELECT moment - CAST(:by AS interval) FROM unnest(moments) AS moment)
            """,
            by=interval,
        )

    return shift


def test_the_limit_is_granted_and_one_more_has_to_wait(attempt: Callable[..., Attempt]) -> None:
    assert [attempt(ALICE).wait for _ in range(3)] == [0, 0, 0]
    assert 295 < attempt(ALICE).wait <= 300
    assert attempt(BOB).wait == 0


def test_what_is_refused_does_not_count(attempt: Callable[..., Attempt], later: Callable[[str], None]) -> None:
    """Who goes on trying is not made to wait for longer."""
    for _ in range(10):
        attempt(ALICE)
    later("299 seconds")
    assert attempt(ALICE).wait in (1, 2)
    later("1 second")
    assert attempt(ALICE).wait == 0


def test_at_no_time_are_there_more_within_the_seconds(
    attempt: Callable[..., Attempt], later: Callable[[str], None]
) -> None:
    """Unlike with windows that begin anew: three at the end of one and three at the beginning of the next."""
    attempt(ALICE)
    later("298 seconds")
    assert [attempt(ALICE).wait for _ in range(2)] == [0, 0]
    later("3 seconds")
    assert attempt(ALICE).wait == 0
    assert 290 < attempt(ALICE).wait <= 297


def test_where_one_limit_is_reached_the_others_are_not_used_up(attempt: Callable[..., Attempt]) -> None:
    for _ in range(3):
        attempt(ALICE, EVERYBODY)
    for _ in range(5):
        assert 0 < attempt(ALICE, EVERYBODY).wait <= 300
    assert [attempt(BOB, EVERYBODY).wait for _ in range(2)] == [0, 0]
    assert 300 < attempt(BOB, EVERYBODY).wait <= 600


def test_what_succeeded_is_taken_back(database: Database, attempt: Callable[..., Attempt]) -> None:
    for _ in range(10):
        granted = attempt(ALICE, EVERYBODY)
        assert granted.wait == 0
        with database.transaction() as connection:
            delete_attempt(connection, (ALICE, EVERYBODY), granted)


def test_a_lower_limit_holds_at_once(attempt: Callable[..., Attempt]) -> None:
    for _ in range(3):
        attempt(ALICE)
    assert 295 < attempt(Limit(ALICE.key, Rate(1, 300))).wait <= 300


def test_of_eight_at_the_same_moment_no_more_than_the_limit_are_granted(
    attempt: Callable[..., Attempt], together: Together
) -> None:
    waits = [
        granted.wait
        for granted in together(*[lambda: attempt(ALICE, EVERYBODY), lambda: attempt(EVERYBODY, ALICE)] * 4)
    ]
    assert waits.count(0) == 3


def test_what_no_limit_needs_any_more_is_deleted(
    attempt: Callable[..., Attempt], later: Callable[[str], None], select: Select
) -> None:
    for limit in (ALICE, BOB, EVERYBODY):
        attempt(limit)
    later("301 seconds")
    attempt(Limit(b"c" * 32, Rate(1, 1)))
    assert (
        select("SELECT string_agg(encode(key, 'escape'), ' ' ORDER BY key) FROM attempts") == f"{'c' * 32} {'e' * 32}"
    )

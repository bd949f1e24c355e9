"""The outcome of an experiment: its figures and its failures."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from faults.crowd import Answer, Crowd, statuses
from faults.site import Server, execute

LONGEST_ANSWER = 6.0  # seconds
LONGEST_RECOVERY = 5.0
SETTLE_SECONDS = 2.0
AFTERWARDS_SECONDS = 8.0


class HasDatabase(Protocol):
    """A server, or a cluster of them."""

    def connect(self) -> Any: ...


@dataclass
class Outcome:
    """The outcome of one experiment, printed as one line."""

    name: str
    figures: str = ""
    failures: list[str] = field(default_factory=list)
    skipped: str = ""

    def __str__(self) -> str:
        verdict = "skip" if self.skipped else "FAIL" if self.failures else "pass"
        words = self.skipped or "; ".join([self.figures, *self.failures])
        return f"{verdict}  {self.name:<48} {words}"

    def require(self, condition: bool, otherwise: str) -> None:
        if not condition:
            self.failures.append(otherwise.upper())


def observe(
    name: str, crowd: Crowd, server: Server, inflict: Callable[[], float], *, cuts_connections: bool = False
) -> Outcome:
    """Cause a fault while the crowd uses the site, and return the outcome.

    `inflict` returns the end of the fault on the monotonic clock. `cuts_connections` says that the fault ends the
    process that readers are connected to.
    """
    crowd.begin()
    try:
        time.sleep(SETTLE_SECONDS)
        begun = time.monotonic()
        returned = inflict()
        time.sleep(max(returned + AFTERWARDS_SECONDS - time.monotonic(), 2.0))
    finally:
        crowd.end()
    outcome = Outcome(name)
    answers = crowd.answers
    bad = [answer for answer in answers if not answer.is_good]
    slowest = max(answer.seconds for answer in answers)
    recovery = max([answer.end - returned for answer in bad if answer.end > returned], default=0.0)
    lost, doubled = lost_and_doubled(server, crowd.acknowledged)
    outcome.figures = (
        f"fault for {returned - begun:.1f} s: {statuses(answers)}; slowest {slowest:.1f} s; "
        f"recovered {recovery:.1f} s after its end; "
        f"{len(crowd.acknowledged)} reviews acknowledged, {lost} lost, {doubled} duplicated"
    )
    unexcused = [answer for answer in bad if not answer.is_excused and not (cuts_connections and answer.status == 0)]
    outcome.require(not unexcused, f"responses other than 503 with Retry-After: {_listed(unexcused)}")
    outcome.require(slowest <= LONGEST_ANSWER, f"a response took {slowest:.1f} s")
    outcome.require(recovery <= LONGEST_RECOVERY, f"errors for {recovery:.1f} s after the fault ended")
    outcome.require(lost == doubled == 0, "reviews were lost or duplicated")
    late = {answer.what for answer in answers if answer.is_good and answer.end > returned}
    silent = {answer.what for answer in answers} - late
    outcome.require(not silent, f"no success afterwards: {', '.join(sorted(silent))}")
    return outcome


def lost_and_doubled(server: HasDatabase, acknowledged: Sequence[str]) -> tuple[int, int]:
    """Return how many of these reviews are missing, and how many exist more than once."""
    connection = server.connect()
    try:
        rows = execute(
            connection,
            "SELECT wanted.text, count(r.id) FROM unnest(%s::text[]) AS wanted (text)"
            " LEFT JOIN reviews AS r ON r.text = wanted.text GROUP BY wanted.text",
            (list(acknowledged),),
        )
    finally:
        connection.close()
    return sum(count == 0 for _, count in rows), sum(count > 1 for _, count in rows)


def _listed(answers: Sequence[Answer]) -> str:
    return ", ".join(sorted({f"{answer.what} {answer.label}" for answer in answers}))

"""What an experiment has shown: the figures, and what of them falls short."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from faults.crowd import Answer, Crowd, statuses
from faults.site import Server, execute

LONGEST_ANSWER = 6.0  # seconds
LONGEST_RECOVERY = 5.0
SETTLE_SECONDS = 2.0
AFTERWARDS_SECONDS = 8.0


@dataclass
class Outcome:
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
    """Inflict it on the site while the crowd is at it. `inflict` returns when the cause was gone, on the monotonic
    clock. `cuts_connections`: what breaks is the process that the readers are connected to."""
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
        f"gone for {returned - begun:.1f} s: {statuses(answers)}; slowest {slowest:.1f} s; "
        f"good {recovery:.1f} s after its return; "
        f"{len(crowd.acknowledged)} reviews acknowledged, {lost} lost, {doubled} doubled"
    )
    unexcused = [answer for answer in bad if not answer.is_excused and not (cuts_connections and answer.status == 0)]
    outcome.require(not unexcused, f"other than 503 with Retry-After: {_listed(unexcused)}")
    outcome.require(slowest <= LONGEST_ANSWER, f"an answer took {slowest:.1f} s")
    outcome.require(recovery <= LONGEST_RECOVERY, f"bad answers for {recovery:.1f} s after its return")
    outcome.require(lost == doubled == 0, "reviews were lost or doubled")
    late = {answer.what for answer in answers if answer.is_good and answer.end > returned}
    silent = {answer.what for answer in answers} - late
    outcome.require(not silent, f"no good answer afterwards: {', '.join(sorted(silent))}")
    return outcome


def lost_and_doubled(server: Server, acknowledged: Sequence[str]) -> tuple[int, int]:
    """How many of these reviews are not there, and how many more than once."""
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

"""make cluster-faults, or python -m cluster.faults [WORD …]: break each part of the cluster while readers use the site.

A line for each: `EXPERIMENT errors=N back=SECONDS lost=N logins_lost=N`: the requests that failed, the longest time in
which requests of one kind only failed, and the acknowledged reviews and log-ins that were lost. The exit code is 1
unless reads fail for at most 3 s, everything else for at most 15 s, and nothing is lost. With WORDs, only experiments
whose name contains one of them run.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cluster import leftovers
from cluster.programs import MissingProgramsError
from cluster.whole import Cluster, end_with_a_signal
from faults import disk
from faults.__main__ import books
from faults.crowd import Answer, Crowd
from faults.outcome import lost_and_doubled
from flyleaf.embedded import EmbeddedServerError

READS = {"search", "book", "api", "home", "form"}
LONGEST_READS, LONGEST_WRITES = 3.0, 15.0  # seconds without a good answer
SETTLE_SECONDS, AFTERWARDS_SECONDS = 2.0, 8.0
LONGEST_ANSWER = 6.0  # seconds; a slower one counts as an error
# Each reader has an address of its own, which it sends itself, and HAProxy adds another.
SETTINGS = {"TRUSTED_PROXIES": "2", "SEARCHES_PER_MINUTE": "999999", "API_REQUESTS_PER_MINUTE": "999999"}


@dataclass(frozen=True)
class Experiment:
    """`inflict` breaks something and returns what mends it, after `seconds`."""

    name: str
    seconds: float
    inflict: Callable[[Cluster], Callable[[], object]]


def killed(part: Callable[[Cluster], str | None]) -> Callable[[Cluster], Callable[[], object]]:
    """Return what kills a part, all of its processes at once."""

    def inflict(cluster: Cluster) -> Callable[[], object]:
        victim = cluster.parts[part(cluster) or ""]
        victim.kill()
        return victim.start

    return inflict


def stopped_primary(cluster: Cluster) -> Callable[[], object]:
    victim = cluster.parts[cluster.leader() or ""]
    victim.freeze()
    return victim.thaw


def full_disk(cluster: Cluster) -> Callable[[], object]:
    return disk.fill(cluster.parts[cluster.leader() or ""].folder).unlink


def cut_network(cluster: Cluster) -> Callable[[], object]:
    """Cut the primary off from etcd and the standbys. PgBouncer and HAProxy still reach it."""
    cluster.cut_off(cluster.leader() or "")
    return cluster.mend_network


EXPERIMENTS = [
    Experiment("node", 10, killed(lambda _: "node1")),
    Experiment("standby", 15, killed(Cluster.synchronous)),
    Experiment("redis", 1, killed(lambda _: "redis")),
    Experiment("pgbouncer", 10, killed(lambda _: "pgbouncer1")),
    Experiment("etcd", 20, killed(lambda _: "etcd")),
    Experiment("primary-killed", 25, killed(Cluster.leader)),
    Experiment("primary-stopped", 25, stopped_primary),
    Experiment("disk", 25, full_disk),
    Experiment("network", 25, cut_network),
]


def run(experiment: Experiment, cluster: Cluster) -> list[str]:
    """Do the experiment, print its line, and return what failed."""
    cluster.wait_until_whole()
    crowd = Crowd(cluster.url, books())
    crowd.begin()
    try:
        time.sleep(SETTLE_SECONDS)
        mend = experiment.inflict(cluster)
        try:
            time.sleep(experiment.seconds)
        finally:
            mend()
        time.sleep(AFTERWARDS_SECONDS)
    finally:
        crowd.end()
    cluster.wait_until_whole()
    lost, doubled = lost_and_doubled(cluster, crowd.acknowledged)
    logins_lost = crowd.lost_logins()
    errors = sum(not _is_good(answer) for answer in crowd.answers)
    reads = longest_failure([answer for answer in crowd.answers if answer.what in READS])
    writes = longest_failure([answer for answer in crowd.answers if answer.what not in READS])
    back = max(reads, writes)
    print(f"{experiment.name} errors={errors} back={back:.1f} lost={lost} logins_lost={logins_lost}", flush=True)
    goals = {
        f"reads failed for {reads:.1f} s, longer than {LONGEST_READS:.0f}": reads <= LONGEST_READS,
        f"writes failed for {writes:.1f} s, longer than {LONGEST_WRITES:.0f}": writes <= LONGEST_WRITES,
        f"{lost} reviews were lost and {doubled} duplicated": lost == doubled == 0,
        f"{logins_lost} log-ins were lost": logins_lost == 0,
        "no review or log-in was acknowledged": bool(crowd.acknowledged and crowd.logged_in),
    }
    return [failure for failure, is_reached in goals.items() if not is_reached]


def longest_failure(answers: Sequence[Answer]) -> float:
    """Return the longest time in which the requests of one kind only failed, until the next good answer."""
    longest = 0.0
    for kind in {answer.what for answer in answers}:
        began: float | None = None
        for answer in sorted((answer for answer in answers if answer.what == kind), key=lambda answer: answer.end):
            if not _is_good(answer) and began is None:
                began = answer.end - answer.seconds
            if began is not None:
                longest = max(longest, answer.end - began)
            if _is_good(answer):
                began = None
    return longest


def _is_good(answer: Answer) -> bool:
    return answer.is_good and answer.seconds <= LONGEST_ANSWER


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m cluster.faults", description="Break each part of the cluster while readers use the site."
    )
    parser.add_argument(
        "words", nargs="*", metavar="WORD", help="only run experiments whose name contains one of these"
    )
    words = parser.parse_args().words
    end_with_a_signal()
    failed = False
    try:
        leftovers.clear()
        with Cluster(is_breakable=True, **SETTINGS) as cluster:
            for experiment in EXPERIMENTS:
                if words and not any(word.lower() in experiment.name for word in words):
                    continue
                if experiment.inflict is full_disk and not cluster.has_small_disks:
                    print("disk: only root can mount a small disk, so this is skipped.", file=sys.stderr)
                    continue
                for failure in run(experiment, cluster):
                    failed = True
                    print(f"{experiment.name}: {failure}.", file=sys.stderr, flush=True)
    except (MissingProgramsError, EmbeddedServerError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

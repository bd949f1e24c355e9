"""`make cluster`: the site answers from several machines, does without a standby, and leaves nothing behind."""

import contextlib
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import requests

from cluster import leftovers, programs
from cluster.faults import longest_failure
from cluster.programs import MissingProgramsError, find_programs
from faults.__main__ import books
from faults.crowd import Answer
from faults.site import wait_for, without_settings
from flyleaf.config import PROJECT
from flyleaf.embedded.parent import end_with_parent

try:
    find_programs()
    MISSING = ""
except MissingProgramsError as error:
    MISSING = str(error)


def test_what_is_missing_is_named_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "PLACES", "/nowhere")
    with pytest.raises(MissingProgramsError) as raised:
        find_programs()
    assert str(raised.value) == (
        "Not installed: haproxy, pgbouncer, patroni, etcd, redis-server. "
        "Run: apt-get install haproxy pgbouncer patroni etcd-server redis-server"
    )


def test_a_failure_lasts_from_the_first_bad_request_to_the_next_good_answer_of_its_kind() -> None:
    def answer(what: str, end: float, seconds: float = 0.1, *, is_good: bool = True) -> Answer:
        return Answer(what, end, seconds, 200 if is_good else 503, is_good, is_excused=False)

    assert longest_failure([]) == 0
    assert longest_failure([answer("book", 1), answer("book", 2)]) == 0
    failing = [answer("book", 1), answer("book", 3, is_good=False), answer("book", 4, is_good=False)]
    assert longest_failure([*failing, answer("book", 5.4), answer("book", 9)]) == pytest.approx(2.5)
    assert longest_failure([*failing, answer("search", 3.5), answer("book", 5.4)]) == pytest.approx(2.5)
    assert longest_failure(failing) == pytest.approx(1.1)  # it never came back
    assert longest_failure([answer("book", 9, 8.0), answer("book", 9.5)]) == pytest.approx(8.5)  # too slow


def test_what_a_killed_cluster_left_is_cleared_and_what_runs_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    running, killed, unfinished = (tmp_path / f"{leftovers.PREFIX}{name}" for name in "abc")
    for folder in (running, killed, unfinished):
        (folder / "db1").mkdir(parents=True)
    leftovers.hold(killed).close()  # as the kernel does when a process ends
    with leftovers.hold(running), subprocess.Popen(["sleep", "60"], cwd=killed / "db1") as process:
        leftovers.clear(tmp_path)
        assert process.wait(10) == -signal.SIGKILL
    assert sorted(tmp_path.iterdir()) == [running, unfinished]
    assert capsys.readouterr().out == f"Cleared {killed}, which a killed cluster had left.\n"


def processes_in(folder: Path) -> list[psutil.Process]:
    """The processes that work in the folder or name it."""
    found = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()).is_relative_to(folder) or str(folder) in " ".join(process.cmdline()):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=5).ok
    except requests.RequestException:
        return False


@pytest.mark.slow
@pytest.mark.skipif(bool(MISSING), reason=MISSING)
def test_a_cluster_answers_without_a_standby_and_leaves_nothing() -> None:
    cluster = subprocess.Popen(
        [sys.executable, "-m", "cluster"], cwd=PROJECT, env=without_settings(), stdout=subprocess.PIPE, text=True,
        preexec_fn=lambda: end_with_parent(signal.SIGTERM),
    )  # fmt: skip
    assert cluster.stdout is not None
    with cluster.stdout:
        said = ""
        while "Processes:" not in said:
            line = cluster.stdout.readline()
            assert line, "the cluster did not start"
            said += line
        site, patroni = re.search(r"The site: (\S+)", said), re.search(r"Patroni: (\S+)", said)
        logs = re.search(r"Logs: (\S+)/\*\.log", said)
        assert site
        assert patroni
        assert logs
        folder = Path(logs[1])
        try:
            assert answers(f"{site[1]}/api/{books()[0]}")
            assert answers(f"{site[1]}/readyz")
            members = requests.get(patroni[1], timeout=5).json()["members"]
            assert sorted(member["role"] for member in members) == ["leader", "replica", "sync_standby"]
            standby = next(member["name"] for member in members if member["role"] == "sync_standby")
            killed = processes_in(folder / standby)
            assert len(killed) > 5  # Patroni, and PostgreSQL with its processes
            for process in killed:
                with contextlib.suppress(psutil.NoSuchProcess):  # it may end with the one before it
                    process.kill()
            wait_for(lambda: answers(f"{site[1]}/readyz"), 5, "the site is gone with a standby")
        finally:
            cluster.send_signal(signal.SIGTERM)
            cluster.wait(60)
    assert cluster.returncode == 130
    assert processes_in(folder) == []
    assert not folder.exists()

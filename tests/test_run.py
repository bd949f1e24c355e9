"""The site as a program: `python application.py` on a data folder and a port of its own, started, used and killed."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import requests

from flyleaf import serving
from flyleaf.config import PROJECT
from flyleaf.embedded import attach, resources
from tests.embedded.conftest import execute
from tests.places import end_processes, eventually, open_folder, processes_of

PARENT = """
import subprocess, sys
subprocess.Popen([sys.executable, "application.py", "--end-with-parent"]).wait()
"""

pytestmark = pytest.mark.slow


class Program:
    """`python application.py`, or what else is given, in a session of its own."""

    def __init__(self, data: Path, port: int, *command: str, **settings: str) -> None:
        self.data, self.port = data, port
        environment = {**os.environ, "FLYLEAF_DATA": str(data), "PORT": str(port), "WORKERS": "1", **settings}
        self.process = subprocess.Popen(
            [sys.executable, *(command or ("application.py",))], cwd=PROJECT, env=environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    def wait_until_served(self) -> str:
        """What it printed, up to the line with the address."""
        printed = ""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            printed += line
            if f"http://127.0.0.1:{self.port}" in line:
                return printed
        raise AssertionError(f"it ended: {self.process.communicate()}")

    def get(self, path: str) -> int:
        """The status of a page."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            connection.request("GET", path)
            return connection.getresponse().status

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(20)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                with contextlib.suppress(ValueError):
                    stream.close()
        self.process.wait()


Run = Callable[..., Program]


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def place() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder


@pytest.fixture
def run() -> Iterator[Run]:
    programs: list[Program] = []

    def run(*arguments: object, **settings: str) -> Program:
        programs.append(Program(*arguments, **settings))  # type: ignore[arg-type]
        return programs[-1]

    yield run
    for program in programs:
        program.close()


@pytest.fixture(scope="session")
def started() -> Iterator[Path]:
    """A data folder in which the site was started once: with a database, its schema and its books."""
    with open_folder() as folder:
        program = Program(folder / "data", _free_port())
        program.wait_until_served()
        assert program.end() == 0
        program.close()
        yield folder / "data"


@pytest.fixture
def data(started: Path) -> Iterator[Path]:
    """The same folder for each test, and nobody uses it."""
    yield started
    end_processes(started)


def test_the_first_start_brings_books_and_prints_its_address(place: Path, run: Run) -> None:
    program = run(place / "data", _free_port(), WORKERS="2")
    assert program.wait_until_served().splitlines()[-1] == (
        f"Flyleaf is at http://127.0.0.1:{program.port} (Ctrl-C stops it)"
    )
    assert program.get("/") == 200
    assert program.get("/readyz") == 200
    with contextlib.closing(_Attached(place / "data")) as database:
        assert execute(database.url, "SELECT count(*) > 5000 FROM books") == [(True,)]
    assert program.end() == 0
    assert eventually(lambda: not processes_of(place), seconds=1)


def test_a_second_start_goes_on_with_what_is_there(data: Path, run: Run) -> None:
    program = run(data, _free_port())
    program.wait_until_served()
    assert program.get("/readyz") == 200
    assert program.end() == 0
    assert program.process.stderr is not None
    said = program.process.stderr.read()
    assert "Creating" not in said
    assert "Importing" not in said


def test_ctrl_c_stops_everything_and_keeps_what_was_written(data: Path, run: Run) -> None:
    program = run(data, _free_port())
    program.wait_until_served()
    _write(data)
    os.killpg(program.process.pid, signal.SIGINT)  # as a terminal does: to all of its foreground's processes
    assert program.process.wait(20) == 0
    assert eventually(lambda: not processes_of(data), seconds=1)
    assert _was_kept(data)


def test_sigterm_to_every_process_stops_the_site_as_one_to_the_first_does(data: Path, run: Run) -> None:
    """Workers hung at the second SIGTERM, and were killed after seven seconds."""
    program = run(data, _free_port(), WORKERS="2")
    program.wait_until_served()
    workers = psutil.Process(program.process.pid).children()
    for process in [*workers, *workers]:
        process.terminate()
    assert _answers(program)
    assert psutil.Process(program.process.pid).children() == workers, "the first process stops them"
    os.killpg(program.process.pid, signal.SIGTERM)
    _, printed = program.process.communicate(timeout=60)
    assert (program.process.returncode, printed.count("refused to gracefully stop")) == (0, 0)


def test_closing_the_terminal_stops_everything(data: Path, run: Run) -> None:
    program = run(data, _free_port())
    program.wait_until_served()
    assert program.end(signal.SIGHUP) == 0
    assert eventually(lambda: not processes_of(data), seconds=1)


def test_a_killed_site_leaves_nothing_behind_and_loses_nothing(data: Path, run: Run) -> None:
    program = run(data, _free_port(), WORKERS="2")
    program.wait_until_served()
    _write(data)
    assert program.end(signal.SIGKILL) == -signal.SIGKILL
    assert eventually(lambda: not processes_of(data))
    assert _was_kept(data)


def test_it_ends_with_make_when_make_is_killed(data: Path, run: Run) -> None:
    program = run(data, _free_port(), "-c", PARENT)
    program.wait_until_served()
    program.end(signal.SIGKILL)
    assert eventually(lambda: not processes_of(data))


def test_a_start_that_is_interrupted_leaves_nothing(place: Path, run: Run) -> None:
    program = run(place / "data", _free_port())
    assert eventually(lambda: (place / "data" / "postgres").exists())
    assert program.end(signal.SIGINT) == 130
    assert "Traceback" not in program.process.communicate()[1]
    assert eventually(lambda: not processes_of(place), seconds=1)


def test_a_killed_worker_is_replaced(data: Path, run: Run) -> None:
    program = run(data, _free_port())
    program.wait_until_served()
    [worker] = psutil.Process(program.process.pid).children()
    worker.kill()
    assert eventually(lambda: _answers(program))
    assert worker not in psutil.Process(program.process.pid).children()


def test_workers_count_together_and_a_new_start_counts_anew(data: Path, run: Run) -> None:
    headers = {"Authorization": "Bearer sixteen-letters!"}
    for _ in range(2):
        program = run(data, _free_port(), WORKERS="2", METRICS_TOKEN="sixteen-letters!")
        program.wait_until_served()
        for _ in range(20):
            assert program.get("/healthz") == 200
        second = run(data, program.port, METRICS_TOKEN="sixteen-letters!")
        assert second.process.wait(60) == 1, "the address is taken, and the site that has it goes on counting"
        answer = requests.get(f"http://127.0.0.1:{program.port}/metrics", headers=headers, timeout=10).text
        lines = dict(line.rsplit(" ", 1) for line in answer.splitlines() if not line.startswith("#"))
        assert 20 <= float(lines['flyleaf_requests_total{method="GET",route="/healthz",status="200"}']) < 35
        assert float(lines["flyleaf_database_connections_limit"]) == 20
        assert program.end() == 0


def test_slow_clients_stop_nobody(data: Path, run: Run) -> None:
    """A hundred requests whose headers don't end, and more bodies that don't end than there are threads."""
    program = run(data, _free_port())
    program.wait_until_served()
    with contextlib.ExitStack() as clients:
        for words in ["GET / HTTP/1.1\r\nHost: x\r\nX-A: "] * 100 + [
            "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\nusername="
        ] * 60:
            client = clients.enter_context(socket.create_connection(("127.0.0.1", program.port)))
            client.sendall(words.encode())
        assert program.get("/") == 200, "and that before the slow ones are given up"


def test_a_site_whose_server_is_not_there_yet_says_so_and_waits_for_it(place: Path, run: Run) -> None:
    program = run(place / "data", _free_port(), DATABASE_URL="postgresql://nobody:secret@127.0.0.1:1/books")
    program.wait_until_served()
    assert (program.get("/"), program.get("/readyz"), program.get("/api/078389368X")) == (200, 503, 503)
    assert program.end() == 0
    said = program.process.communicate()[1]
    assert said.startswith("Nothing answers at 127.0.0.1:1: start the server there, or check DATABASE_URL. Until it")
    assert "secret" not in said


def test_the_site_that_runs_there_already_is_named(data: Path, run: Run) -> None:
    program = run(data, _free_port())
    program.wait_until_served()
    assert _failure(run(data, program.port)) == (
        f"Flyleaf can't be served at http://127.0.0.1:{program.port}: Flyleaf is already running there; "
        "set PORT to run a second one.\n"
    )
    assert program.get("/") == 200


def test_of_two_starts_at_once_one_serves(data: Path, run: Run) -> None:
    port = _free_port()
    programs = [run(data, port), run(data, port)]
    assert eventually(lambda: any(program.process.poll() is not None for program in programs))
    loser, winner = sorted(programs, key=lambda program: program.process.poll() is None)
    assert "Flyleaf is already running there" in _failure(loser)
    assert winner.get("/") == 200


def test_two_sites_beside_each_other_share_the_database(data: Path, run: Run) -> None:
    one, other = run(data, _free_port()), run(data, _free_port())
    one.wait_until_served()
    other.wait_until_served()
    assert one.end() == 0
    assert other.get("/readyz") == 200
    assert other.end() == 0
    assert eventually(lambda: not processes_of(data), seconds=1)


def test_flask_run_shares_the_database_of_the_running_site_and_has_it_alone_too(data: Path, run: Run) -> None:
    site, port = run(data, _free_port()), _free_port()
    site.wait_until_served()
    flask = run(data, port, "-m", "flask", "--app", "application", "run", "--port", str(port))
    assert eventually(lambda: _is_open(port), seconds=20)
    assert site.end() == 0
    assert (flask.get("/readyz"), flask.get("/api/078389368X")) == (200, 200)
    flask.end(signal.SIGINT)
    assert eventually(lambda: not processes_of(data), seconds=5)


def test_another_program_at_the_port_is_said_in_one_line(place: Path, run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        taken.settimeout(0)
        port = taken.getsockname()[1]
        failure = _failure(run(place / "data", port))
    assert failure == (
        f"Flyleaf can't be served at http://127.0.0.1:{port}: another program is using it: "
        "stop that program, or set PORT.\n"
    )
    assert not (place / "data" / "postgres").exists()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"PORT": "many"}, "PORT is 'many'"),
        ({"HOST": "192.0.2.1"}, "this machine doesn't have that address"),
        ({"HOST": "no such host"}, "HOST is 'no such host', which can't be resolved"),
        ({"DATABASE_URL": "postgresql://nobody:secret@127.0.0.1:abc/books"}, "DATABASE_URL is malformed"),
        ({"DATABASE_URL": "postgresql://nobody:secret@[::1/books"}, "DATABASE_URL"),
    ],
)
def test_a_setting_that_does_not_work_is_said_in_one_line(
    place: Path,
    settings: dict[str, str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in {"FLYLEAF_DATA": str(place / "data"), "PORT": str(_free_port()), **settings}.items():
        monkeypatch.setenv(name, value)
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert serving.run([]) == 1
    finally:
        signal.signal(signal.SIGTERM, before)
    said = capsys.readouterr()
    assert said.out == ""
    assert words in said.err
    assert "secret" not in said.err
    assert said.err.count("\n") == 1
    assert not (place / "data").exists()


@pytest.mark.parametrize(
    ("function", "megabytes", "settings", "words"),
    [
        ("memory", 300, {}, "Flyleaf needs 384 MB of memory, and only 300 MB may be used here"),
        ("memory", 200, {"DATABASE_URL": "postgresql://127.0.0.1:1/x"}, "Flyleaf needs 256 MB of memory, and only 200"),
        ("address_space", 500, {}, "Flyleaf needs 768 MB of address space for each process, and only 500 MB"),
    ],
)
def test_too_little_memory_is_said_in_one_line(
    place: Path,
    function: str,
    megabytes: int,
    settings: dict[str, str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(resources, function, lambda: megabytes * 2**20)
    for name, value in {"FLYLEAF_DATA": str(place / "data"), "PORT": str(_free_port()), **settings}.items():
        monkeypatch.setenv(name, value)
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert serving.run([]) == 1
    finally:
        signal.signal(signal.SIGTERM, before)
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert not (place / "data").exists()


class _Attached:
    """This test's own use of the site's database."""

    def __init__(self, data: Path) -> None:
        attachment = attach(data, None, print)
        self.url, self.close = attachment.url, attachment.detach


def _write(data: Path) -> None:
    with contextlib.closing(_Attached(data)) as database:
        execute(database.url, "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 42 AS answer")


def _was_kept(data: Path) -> bool:
    with contextlib.closing(_Attached(data)) as database:
        return execute(database.url, "SELECT answer FROM kept") == [(42,)]


def _answers(program: Program) -> bool:
    try:
        return program.get("/") == 200
    except (OSError, http.client.HTTPException):
        return False


def _failure(program: Program) -> str:
    """The one line in which it said why it doesn't start."""
    printed, said = program.process.communicate(timeout=60)
    assert program.process.returncode == 1
    assert printed == ""
    assert said.count("\n") == 1
    return said


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

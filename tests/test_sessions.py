"""Sessions that are kept in files: who stays logged in, and who does not."""

import hashlib
import json
import os
import pickle
import shutil
import stat
import struct
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import pytest
from cachelib.file import FileSystemCache
from flask import Flask
from werkzeug.test import TestResponse

from flyleaf import sessions
from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.limits import Rate
from flyleaf.maintenance import Maintenance
from flyleaf.sessions import LIFETIME, SessionFiles, SessionsUnavailableError, session_key
from flyleaf.web import attempts
from tests.fixture_types import Select, Together, Visit
from tests.site import PASSWORD, Site

pytestmark = pytest.mark.slow

Files = Callable[[], list[Path]]


@pytest.fixture
def files(config: Config) -> Callable[[], list[Path]]:
    """The files that sessions are kept in."""
    return lambda: [path for path in config.sessions.iterdir() if path.name != "pruned"]


@pytest.fixture
def folder(tmp_path: Path) -> SessionFiles:
    return SessionFiles(tmp_path / "sessions")


def is_logged_in(site: Site) -> bool:
    return site.get("/search").status_code == 200


def log_in(site: Site, name: str, address: str = "127.0.0.1") -> TestResponse:
    site.client.environ_base["REMOTE_ADDR"] = address
    return site.submit("/login", username=name, password=PASSWORD)


def none_is_live(_hashes: Sequence[bytes]) -> set[bytes]:
    return set()


def with_session_id(visit: Visit, value: str) -> Site:
    """A browser that has got hold of a session's id."""
    site = visit()
    site.keep("session", value)
    return site


def test_only_this_account_can_read_sessions(alice: Site, config: Config, files: Callable[[], list[Path]]) -> None:
    assert stat.S_IMODE(config.sessions.stat().st_mode) == 0o700
    [path] = files()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_folder_that_others_could_read_is_closed(tmp_path: Path) -> None:
    (tmp_path / "sessions").mkdir(mode=0o755)
    SessionFiles(tmp_path / "sessions")
    assert stat.S_IMODE((tmp_path / "sessions").stat().st_mode) == 0o700


def test_a_session_is_json_and_holds_no_secret_of_alice(alice: Site, files: Callable[[], list[Path]]) -> None:
    [path] = files()
    stored = json.loads(path.read_bytes()[4:])
    assert isinstance(stored["reader_id"], int)
    assert PASSWORD not in path.read_text(errors="replace")
    assert alice.session_id() not in path.name, "who can list the folder can't log in"


def test_a_planted_pickle_is_not_run(alice: Site, files: Callable[[], list[Path]], tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
            return os.mkdir, (str(tmp_path / "evil"),)

    [path] = files()
    path.write_bytes(struct.pack("I", 0) + pickle.dumps({"reader_id": Evil()}))
    assert not is_logged_in(alice)
    assert not (tmp_path / "evil").exists()


def test_nothing_is_stored_for_visitors(
    visit: Visit, files: Callable[[], list[Path]], subtests: pytest.Subtests
) -> None:
    visitor = visit()
    for address in (
        "/",
        "/login",
        "/register",
        "/search",
        "/books/1",
        "/logout",
        "/api/1",
        "/healthz",
        "/no-such-page",
    ):
        with subtests.test(address):
            visitor.get(address)
            assert files() == []
    visitor.submit("/login", username="Alice", password="a wrong password")
    assert files() == []
    assert visitor.cookie("session") is None


def test_an_invented_session_id_is_not_accepted(visit: Visit, files: Callable[[], list[Path]]) -> None:
    visitor = with_session_id(visit, "chosen-by-mallory")
    visitor.registered("Alice")
    assert visitor.cookie("session") != "chosen-by-mallory"
    assert not is_logged_in(with_session_id(visit, "chosen-by-mallory"))


def test_each_login_gets_a_new_id_and_the_old_one_stops_working(
    alice: Site, visit: Visit, files: Callable[[], list[Path]]
) -> None:
    old = alice.session_id()
    token = alice.get("/logout", headers={"Sec-Fetch-Site": "cross-site"}).text
    token = token.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    response = alice.client.post("/login", data={"username": "Alice", "password": PASSWORD, "csrf_token": token})
    assert response.status_code == 303
    assert alice.session_id() != old
    assert is_logged_in(alice)
    assert not is_logged_in(with_session_id(visit, old))
    assert len(files()) == 1


def test_session_ids_are_long_and_unique(visit: Visit) -> None:
    visit().registered("Alice")
    ids = {visit().logged_in("Alice").session_id() for _ in range(5)}
    assert len(ids) == 5
    assert all(len(value) >= 32 for value in ids)


def test_after_a_logout_a_kept_session_id_no_longer_works(
    alice: Site, visit: Visit, files: Callable[[], list[Path]]
) -> None:
    value = alice.session_id()
    alice.get("/logout")
    assert not is_logged_in(with_session_id(visit, value))
    assert files() == []


def test_a_logout_that_cannot_delete_the_session_answers_503(
    app: Flask, alice: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else Alice believes that she is logged out, and is not."""
    app.testing = False  # as in earnest: what is raised becomes an answer

    def read_only(*_values: object, **_named: object) -> NoReturn:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr("cachelib.file.os.remove", read_only)
        assert alice.get("/logout").status_code == 503
    assert alice.get("/logout").status_code == 303
    assert not is_logged_in(alice)


def test_slow_pages_do_not_undo_a_logout(app: Flask, alice: Site, visit: Visit, dune: str, together: Together) -> None:
    """Pages of Alice that were asked for before she logs out, and end after it."""
    visit()
    opened, ended = threading.Semaphore(0), threading.Event()
    search = app.view_functions["search.search"]

    def slow(**values: Any) -> Any:
        answer = search(**values)
        opened.release()
        ended.wait(10)
        return answer

    app.view_functions["search.search"] = slow
    came_back = 0
    for _ in range(50):
        browser = visit().logged_in("Alice")
        value = browser.session_id()
        ended.clear()
        pages = [threading.Thread(target=with_session_id(visit, value).get, args=["/search?q=dune"]) for _ in range(2)]
        for page in pages:
            page.start()
        for _ in pages:
            opened.acquire(timeout=10)
        browser.get("/logout")
        ended.set()
        for page in pages:
            page.join(10)
        came_back += with_session_id(visit, value).get(f"/books/{dune}").status_code == 200
    assert came_back == 0


def test_requests_of_a_reader_do_not_write_her_session_again(
    alice: Site, files: Callable[[], list[Path]], dune: str
) -> None:
    [path] = files()
    before = path.stat().st_mtime_ns, path.stat().st_ino
    for address in ("/search?q=dune", f"/books/{dune}", "/", "/login"):
        alice.get(address)
    alice.review(dune, 5)
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before


def test_a_damaged_session_is_logged_out_and_alice_can_log_in_again(
    alice: Site, files: Callable[[], list[Path]], subtests: pytest.Subtests
) -> None:
    head = b"\0\0\0\0"  # it never expires
    stored = [b"{", b"null", b"[1]", b"\xff\xfe", b"{}", b"NaN", b"[" * 100_000]
    readers = [b'"1"', b"null", b"[1]", b"-1", b"99999999999999999999", b"1.5", b"true"]
    for damage in (
        *(b"", b"\0", b"\0\0\0", head, b"\xff" * 100, b"garbage" * 1000),
        *(head + content for content in stored),
        *(head + b'{"reader_id": ' + reader + b"}" for reader in readers),
    ):
        with subtests.test(repr(damage)[:40]):
            [path] = files()
            path.write_bytes(damage)
            assert alice.get("/search").status_code == 303
            assert alice.get("/").status_code == 200
            alice.logged_in("Alice")
            assert is_logged_in(alice)
            path.unlink(missing_ok=True)


def test_a_damaged_csrf_secret_causes_no_error(alice: Site, files: Callable[[], list[Path]], dune: str) -> None:
    [path] = files()
    stored = json.loads(path.read_bytes()[4:])
    damages: list[object] = [None, 1, "", [], {"a": 1}, "\ud800"]
    for damage in damages:
        path.write_bytes(struct.pack("I", 0) + json.dumps(stored | {"csrf": damage}).encode())
        assert alice.get(f"/books/{dune}").status_code in (200, 303)
        assert alice.client.post(f"/books/{dune}/review", data={"rating": "5", "csrf_token": "x"}).status_code in (
            303,
            400,
        )


def test_a_session_ends_thirty_days_after_the_login(alice: Site, files: Callable[[], list[Path]]) -> None:
    [path] = files()
    [expires] = struct.unpack("I", path.read_bytes()[:4])
    assert LIFETIME.days == 30
    assert abs(expires - time.time() - LIFETIME.total_seconds()) < 60
    path.write_bytes(struct.pack("I", int(time.time()) - 2) + path.read_bytes()[4:])
    assert not is_logged_in(alice)


@pytest.mark.parametrize(
    ("began", "seen", "lives"),
    [
        ("29 days", "6 days 23 hours", True),
        ("1 day", "7 days 1 minute", False),
        ("30 days 1 minute", "1 minute", False),
        ("29 days 23 hours", "1 minute", True),
    ],
)
def test_a_session_ends_after_seven_idle_days_and_after_thirty_in_any_case(
    alice: Site, select: Select, began: str, seen: str, lives: bool
) -> None:
    select(
        "UPDATE sessions SET began_at = now() - CAST(:began AS interval), seen_at = now() - CAST(:seen AS interval)",
        began=began,
        seen=seen,
    )
    assert is_logged_in(alice) == lives


def test_a_session_without_its_row_is_refused_and_its_file_is_deleted(
    alice: Site, select: Select, files: Callable[[], list[Path]]
) -> None:
    """Whoever ended it, and wherever: the file may be on another machine."""
    select("DELETE FROM sessions")
    assert not is_logged_in(alice)
    assert files() == []


def test_a_session_of_another_readers_row_is_refused(alice: Site, bob: Site, select: Select) -> None:
    select("UPDATE sessions SET reader_id = (SELECT min(reader_id) FROM sessions)")
    assert is_logged_in(alice)
    assert not is_logged_in(bob)


def test_last_seen_is_updated_at_most_every_five_minutes(alice: Site, select: Select) -> None:
    version = "SELECT concat(xmin, ctid) FROM sessions"
    before = select(version)
    assert is_logged_in(alice)
    assert select(version) == before
    select("UPDATE sessions SET seen_at = now() - interval '6 minutes'")
    assert is_logged_in(alice)
    assert select("SELECT seen_at > now() - interval '1 minute' FROM sessions")


def test_the_database_stores_no_session_ids(alice: Site, select: Select) -> None:
    assert alice.session_id() not in select("SELECT sessions::text FROM sessions")


def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(*_values: object, **_named: object) -> NoReturn:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cachelib.file.tempfile.mkstemp", no_space)


def test_a_login_with_a_full_disk_answers_503_and_is_logged(
    app: Flask,
    alice: Site,
    visit: Visit,
    log: list[str],
    monkeypatch: pytest.MonkeyPatch,
    files: Callable[[], list[Path]],
) -> None:
    app.testing = False  # as in earnest: what is raised becomes an answer
    visitor = visit()
    with monkeypatch.context() as patch:
        full_disk(patch)
        response = visitor.submit("/login", username="Alice", password=PASSWORD)
        assert response.status_code == 503
        assert int(response.headers["Retry-After"]) > 0
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert is_logged_in(alice), "who is logged in stays so"
    lines = [json.loads(line) for line in log]
    assert any("sessions can't be written" in line.get("cause", "") for line in lines)
    assert [line["status"] for line in lines if line["event"] == "request" and line["method"] == "POST"][-1] == 503
    visitor.logged_in("Alice")


def test_a_half_written_file_is_not_a_session(folder: SessionFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.set("alice", {"reader_id": 1})
    full_disk(monkeypatch)
    with pytest.raises(SessionsUnavailableError):
        folder.set("alice", {"reader_id": 2})
    assert folder.get("alice") == {"reader_id": 1}


def test_600_sessions_are_kept_at_once(folder: SessionFiles) -> None:
    for number in range(600):
        folder.set(f"session:{number}", {"reader_id": number})
    assert all(folder.get(f"session:{number}") == {"reader_id": number} for number in range(600))


def test_expired_sessions_are_deleted_and_live_ones_stay(folder: SessionFiles, tmp_path: Path) -> None:
    folder.set("live", {"reader_id": 1})
    for number in range(5):
        folder.set(f"expired {number}", {"reader_id": 1}, timeout=-10)
    folder.set("for ever", {"reader_id": 1}, timeout=0)
    (tmp_path / "sessions" / "damaged").write_bytes(b"\0")
    assert sum(folder.prune(none_is_live)) == 6
    assert folder.get("live") == folder.get("for ever") == {"reader_id": 1}
    assert sum(folder.prune(none_is_live)) == 0


def test_temporary_files_left_by_a_crash_are_deleted_and_new_ones_stay(folder: SessionFiles, tmp_path: Path) -> None:
    old, new = (tmp_path / "sessions" / f"{name}{FileSystemCache._fs_transaction_suffix}" for name in ("old", "new"))
    for draft in (old, new):
        draft.write_bytes(b"half")
    os.utime(old, (1, 1))
    assert sum(folder.prune(none_is_live)) == 1
    assert new.exists()
    assert not old.exists()


def test_a_pruning_step_is_limited_by_files_and_not_by_time(
    folder: SessionFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "LOOKED_AT_ONCE", 5)
    for number in range(12):
        folder.set(f"expired {number}", {}, timeout=-10)
    assert list(folder.prune(none_is_live)) == [5, 5, 2]


def test_the_site_prunes_once_an_hour_and_never_in_a_request(
    database: Database, config: Config, folder: SessionFiles, tmp_path: Path
) -> None:
    maintenance = Maintenance(database, config, folder)
    folder.set("expired", {"reader_id": 1}, timeout=-10)
    folder.set("another", {})
    assert [maintenance.work() for _ in range(3)] == [True, True, False]
    assert len(list((tmp_path / "sessions").iterdir())) == 2
    folder.set("expired", {"reader_id": 1}, timeout=-10)
    assert maintenance.work() is False
    os.utime(tmp_path / "sessions" / "pruned", (1, 1))
    folder.set("in a request", {})
    assert len(list((tmp_path / "sessions").iterdir())) == 4
    assert [maintenance.work() for _ in range(3)] == [True, True, False]
    assert len(list((tmp_path / "sessions").iterdir())) == 3


def test_workers_can_prune_at_the_same_time(folder: SessionFiles, together: Together) -> None:
    for number in range(100):
        folder.set(f"expired {number}", {}, timeout=-10)
    assert sum(together(*[lambda: sum(folder.prune(none_is_live))] * 4)) == 100


def test_150_logins_leave_100_files_and_logging_out_the_others_leaves_one(
    alice: Site, visit: Visit, files: Files, select: Select
) -> None:
    for _ in range(99):
        visit().logged_in("Alice")
    assert len(files()) == 100
    select("DELETE FROM attempts")
    for _ in range(51):
        last = visit().logged_in("Alice")
    assert len(files()) == 100, "each further login ended the session that was used least recently"
    last.submit("/account", "/account/sessions/end-others", password=PASSWORD)
    assert len(files()) == 1
    assert is_logged_in(last)


@pytest.mark.parametrize("way", ["a device", "the others", "the password", "a reset", "a lock", "the account"])
def test_a_session_file_is_deleted_with_its_row(
    app: Flask, alice: Site, visit: Visit, files: Files, select: Select, way: str
) -> None:
    phone = visit().logged_in("Alice")
    assert len(files()) == 2
    if way == "a device":
        of_phone = select("SELECT max(id) FROM sessions")
        alice.submit("/account", f"/account/sessions/{of_phone}/end", password=PASSWORD)
    elif way == "the others":
        alice.submit("/account", "/account/sessions/end-others", password=PASSWORD)
    elif way == "the password":
        alice.submit("/account/password", old_password=PASSWORD, password="a daisy", confirmation="a daisy")
        alice.submit("/account/password", old_password=PASSWORD, password="a daisy is", confirmation="a daisy is")
    elif way == "a reset":
        arguments = ["users", "reset-password", "Alice", "--site", "http://localhost"]
        link = app.test_cli_runner().invoke(args=arguments).output.splitlines()[0].removeprefix("http://localhost")
        visit().submit(link, password="a daisy is", confirmation="a daisy is")
    elif way == "a lock":
        app.test_cli_runner().invoke(args=["users", "lock", "Alice", "--reason", "Spam"])
    else:
        alice.submit("/account/delete", password=PASSWORD, reviews="keep")
    assert len(files()) == select("SELECT count(*) FROM sessions")
    assert not is_logged_in(phone)


def test_files_without_rows_are_pruned_and_10000_live_ones_stay(
    alice: Site, app: Flask, config: Config, files: Files, select: Select
) -> None:
    [of_alice] = files()
    hashes = [hashlib.sha256(str(number).encode()).digest() for number in range(11_000)]
    for id_hash in hashes:
        shutil.copy(of_alice, config.sessions / session_key(id_hash))
    select(
        "INSERT INTO sessions (id_hash, reader_id)"
        " SELECT sha256(n::text::bytea), r.id FROM readers AS r, generate_series(0, 9999) AS n"
    )
    for path in files():
        os.utime(path, (1_000_000_000, 1_000_000_000))
    result = app.test_cli_runner().invoke(args=["sessions", "prune"])
    assert {path.name for path in files()} == {of_alice.name, *map(session_key, hashes[:10_000])}
    assert result.output == "1000 expired sessions deleted.\n"


def test_a_file_whose_row_is_still_to_come_is_not_pruned(folder: SessionFiles, tmp_path: Path) -> None:
    folder.set(session_key(bytes(32)), {"reader_id": 1})
    assert sum(folder.prune(none_is_live)) == 0
    os.utime(tmp_path / "sessions" / session_key(bytes(32)), (1, 1))
    assert sum(folder.prune(none_is_live)) == 1


def test_a_session_of_the_previous_version_stays_and_is_renamed(
    alice: Site, files: Files, config: Config, visit: Visit
) -> None:
    [path] = files()
    old_name = hashlib.sha256(f"session:{alice.session_id()}".encode()).hexdigest()
    path.rename(config.sessions / old_name)
    assert is_logged_in(alice)
    assert [one.name for one in files()] == [path.name]
    assert is_logged_in(alice)
    alice.get("/logout")
    assert files() == []


def test_too_many_logins_are_refused_with_429(
    alice: Site, bob: Site, visit: Visit, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "LOGINS", Rate(3, 3_600))
    assert [log_in(visit(), "Alice").status_code for _ in range(3)] == [303, 303, 429]
    answer = log_in(visit(), "Alice")
    assert 3_590 < int(answer.headers["Retry-After"]) <= 3_600
    assert "Too many attempts. Wait 60 minutes" in answer.text
    assert len(files()) == 4, "what was refused has left no file"
    assert is_logged_in(alice)
    assert log_in(visit(), "Bob").status_code == 303


def test_logins_from_an_address_are_limited(
    alice: Site, bob: Site, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "LOGINS_FROM_AN_ADDRESS", Rate(4, 3_600))
    assert [log_in(visit(), name).status_code for name in ("Alice", "Bob", "Alice")] == [303, 303, 429]
    assert log_in(visit(), "Alice", "192.0.2.9").status_code == 303


def test_the_operator_can_prune(app: Flask, alice: Site, config: Config) -> None:
    SessionFiles(config.sessions).set("expired", {}, timeout=-10)
    result = app.test_cli_runner().invoke(args=["sessions", "prune"])
    assert result.exit_code == 0
    assert result.output == "1 expired sessions deleted.\n"

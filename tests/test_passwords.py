"""Passwords: their hashes, and the common ones."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

from flyleaf import passwords
from flyleaf.passwords import HASHES_AT_ONCE, hash_password, is_common, needs_rehash, verify_password
from flyleaf.turns import BusyError, Turns
from tests.fixture_types import Together, Visit
from tests.places import eventually
from tests.site import Site

PASSWORD = "a rose is a rose"

pytestmark = pytest.mark.usefixtures("real_passwords")


@pytest.fixture(scope="module")
def stored() -> str:
    return hash_password(PASSWORD)


def test_it_is_argon2id_at_the_cost_that_owasp_names(stored: str) -> None:
    parameters = extract_parameters(stored)
    assert parameters.type is Type.ID
    assert (parameters.time_cost, parameters.memory_cost, parameters.parallelism) == (2, 19_456, 1)
    assert parameters.salt_len >= 16
    assert parameters.hash_len >= 32


def test_the_same_password_is_never_stored_the_same(stored: str) -> None:
    assert hash_password(PASSWORD) != stored


def test_the_password_opens(stored: str) -> None:
    assert verify_password(stored, PASSWORD)


@pytest.mark.parametrize(
    "other",
    ["", PASSWORD + "\0", "\0" + PASSWORD, PASSWORD + " ", " " + PASSWORD, PASSWORD.title(), PASSWORD[:-1], "\0"],
)
def test_nearly_the_password_does_not(stored: str, other: str) -> None:
    assert not verify_password(stored, other)


def test_a_password_is_the_same_in_each_normal_form() -> None:
    stored = hash_password("Zoës ﬁne pass")
    assert verify_password(stored, "Zoe\u0308s fine pass")
    assert verify_password(stored, "Ｚoës ﬁne pass")
    assert not verify_password(stored, "Zoes fine pass")


def test_all_of_a_long_password_counts() -> None:
    stored = hash_password("é" * 255 + "x")
    assert not verify_password(stored, "é" * 255 + "y")


@pytest.mark.parametrize("password", ["\0", "", PASSWORD])
def test_nobody_has_no_password(password: str) -> None:
    assert not verify_password(None, password)


@pytest.mark.parametrize(
    "broken", ["", "x", "$argon2id$", "$argon2id$v=19$m=19456,t=2,p=1$", PASSWORD, "scrypt:32768:8:1$a$b"]
)
def test_a_hash_that_is_none_opens_for_nobody(broken: str) -> None:
    assert not verify_password(broken, PASSWORD)
    assert not verify_password(broken, broken)


def test_an_unknown_reader_costs_as_many_hashes_of_the_same_cost_as_a_wrong_password(
    stored: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[object] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
            computed.append(extract_parameters(str(hash)))
            return super().verify(hash, password)

        def hash(self, password: str | bytes, **more: Any) -> str:
            computed.append("hash")
            return super().hash(password, **more)

    monkeypatch.setattr(passwords, "_HASHER", Counting(time_cost=2, memory_cost=19_456, parallelism=1))
    verify_password(stored, "wrong")
    wrong, computed[:] = list(computed), []
    verify_password(None, "wrong")
    assert len(wrong) == 1
    assert computed == wrong


def test_hashes_of_other_parameters_are_to_be_made_anew(stored: str) -> None:
    assert not needs_rehash(stored)
    for time_cost, memory_cost, parallelism in ((1, 19_456, 1), (2, 1_024, 1), (2, 19_456, 2)):
        old = PasswordHasher(time_cost=time_cost, memory_cost=memory_cost, parallelism=parallelism).hash(PASSWORD)
        assert needs_rehash(old)
        assert verify_password(old, PASSWORD), "and open until then"


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "PASSWORD",
        "Password1",
        "12345678",
        "iloveyou",
        "ｐａｓｓｗｏｒｄ",
        "qwertyuiop",
        "Flyleaf2026!",
        "books-books",
    ],
)
def test_what_attackers_try_first_is_common(password: str) -> None:
    assert is_common(password)


@pytest.mark.parametrize(
    "password",
    [
        "a rose is a rose",
        "correct horse battery staple",
        "Tr0ub4dor&3",
        "8203917465",
        "my flyleaf is green",
        "пароль, которого нет",
    ],
)
def test_what_people_make_up_is_not(password: str) -> None:
    assert not is_common(password)


def test_the_list_has_thousands_that_the_rules_allow() -> None:
    """ASVS 6.2.4 asks for the 3,000 most common."""
    assert len(passwords._common_passwords()) > 10_000


class Gated(PasswordHasher):
    """Hashes once it may, and remembers in which threads."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.may = threading.Event()
        self.threads: list[str] = []

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.threads.append(threading.current_thread().name)
        self.may.wait(10)
        return super().hash(password, salt=salt)

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        self.threads.append(threading.current_thread().name)
        self.may.wait(10)
        return super().verify(hash, password)


@pytest.fixture
def gated(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gated]:
    hasher = Gated()
    monkeypatch.setattr(passwords, "_HASHER", hasher)
    yield hasher
    hasher.may.set()


def test_one_thread_hashes_for_six_and_the_seventh_is_told_at_once(gated: Gated) -> None:
    """The C library would keep 19 MB for each thread that has ever hashed."""
    with ThreadPoolExecutor(HASHES_AT_ONCE) as pool:
        hashes = [pool.submit(hash_password, PASSWORD) for _ in range(HASHES_AT_ONCE)]
        assert eventually(lambda: passwords._turns._free._value == 0)
        with pytest.raises(BusyError, match="passwords"):
            hash_password(PASSWORD)
        assert eventually(lambda: gated.threads), "one is hashed, and the others wait"
        assert len(gated.threads) == 1
        gated.may.set()
        assert all(verify_password(one.result(), PASSWORD) for one in hashes)
    assert set(gated.threads) == {"hashing_0"}


@pytest.mark.slow
def test_of_sixteen_registrations_of_one_name_one_succeeds_and_none_waits_long(
    visit: Visit, together: Together, select: Any
) -> None:
    def register() -> int:
        answer = visit().submit("/register", username="Alice", password=PASSWORD, confirmation=PASSWORD)
        if answer.status_code == 503:
            assert answer.headers["Retry-After"] == "5"
        return answer.status_code

    answers = together(*[register] * 16)
    assert answers.count(303) == 1
    assert set(answers) <= {303, 422, 503}
    assert select("SELECT count(*) FROM readers") == 1


def test_a_login_that_finds_no_turn_is_503_in_words_and_no_failed_try(
    alice: Site, visit: Visit, gated: Gated, select: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_turns", Turns(0))
    for _ in range(11):
        answer = visit().submit("/login", username="Alice", password=PASSWORD)
        assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "Too many readers are doing this right now" in answer.text
    assert select("SELECT count(*) FROM events WHERE kind = 'login-failed'") == 0

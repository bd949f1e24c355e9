"""Codes of authenticator apps."""

import pytest

from flyleaf.totp import app_address, matching_step, new_secret, qr_code
from tests.site import App, Clock

# RFC 6238, appendix B: the last six digits of its codes for SHA-1.
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
RFC_CODES = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}


@pytest.mark.parametrize(("moment", "code"), RFC_CODES.items())
def test_the_codes_are_those_of_the_standard(clock: Clock, moment: int, code: str) -> None:
    clock.now = moment
    assert matching_step(RFC_SECRET, code) == moment // 30


def test_a_clock_may_be_wrong_by_one_step(clock: Clock) -> None:
    app, now = App(new_secret(), clock), int(clock.now) // 30
    codes = {steps: matching_step(app.secret, app.code(steps)) for steps in (-2, -1, 0, 1, 2)}
    assert codes == {-2: None, -1: now - 1, 0: now, 1: now + 1, 2: None}


@pytest.mark.parametrize("code", ["", "1", "12345", "1234567", "١٢٣٤٥٦", "abcdef"])
def test_what_is_no_code_matches_nothing(clock: Clock, code: str) -> None:
    assert matching_step(new_secret(), code) is None


def test_every_step_is_compared_in_constant_time(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    app = App(new_secret(), clock)
    compared: list[bytes] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append(other)
        return one == other

    monkeypatch.setattr("flyleaf.totp.hmac.compare_digest", compare)
    for steps in (-1, 0, 1, 5):
        compared.clear()
        matching_step(app.secret, app.code(steps))
        assert len(compared) == 3


def test_secrets_are_160_bits_and_never_the_same() -> None:
    secrets = {new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert {len(secret) for secret in secrets} == {32}


def test_the_address_names_the_site_and_the_reader() -> None:
    address = app_address(RFC_SECRET, "Zoë: & Co", "books.example.org")
    assert address.startswith("otpauth://totp/Flyleaf%20books.example.org:Zo%C3%AB%3A%20%26%20Co?")
    assert f"secret={RFC_SECRET}" in address
    assert "issuer=Flyleaf%20books.example.org" in address


def test_the_qr_code_needs_no_style_that_the_policy_refuses() -> None:
    svg = qr_code(app_address(RFC_SECRET, "A" * 64, "books.example.org"))
    assert svg.startswith("<svg")
    assert "style" not in svg
    assert len(svg) < 8_000

"""Recovery codes, as they are made and typed."""

import re

import pytest

from flyleaf.limits import RECOVERY_CODES
from flyleaf.recovery_codes import hash_code, new_codes, typed_code, verify_code


def test_they_are_ten_different_ones_that_can_be_read_aloud() -> None:
    codes = new_codes()
    assert len(set(codes)) == RECOVERY_CODES
    assert all(re.fullmatch("[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}", code) for code in codes)


@pytest.mark.parametrize("typed", ["01ABC-DEFGH", "01abcdefgh", " 0 1 a b c d e f g h ", "oIabc–defgh", "olABC DEFGH"])
def test_a_code_may_be_typed_as_it_was_read(typed: str) -> None:
    code = typed_code(typed)
    assert code == "01ABCDEFGH"
    assert verify_code(hash_code("01ABC-DEFGH"), code)


@pytest.mark.parametrize("typed", ["", "-", "01ABC-DEFG", "01ABC-DEFGHJ", "01ABC-DEFGU", "01ABC-DEFG\0", "éABCDEFGHJ"])
def test_what_can_be_no_code_is_none(typed: str) -> None:
    assert typed_code(typed) is None


def test_another_code_is_not_the_code() -> None:
    assert not verify_code(hash_code("01ABC-DEFGH"), "01ABCDEFGJ")

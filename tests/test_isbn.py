"""ISBNs as people, spreadsheets and pages write them."""

import pytest

from flyleaf.isbn import Isbn, IsbnError, hyphenated, parse


@pytest.mark.parametrize(
    ("text", "isbn", "isbn13"),
    [
        ("0306406152", "0306406152", "9780306406157"),
        ("9780306406157", "9780306406157", "9780306406157"),
        ("0-306-40615-2", "0306406152", "9780306406157"),
        ("978-0-306-40615-7", "9780306406157", "9780306406157"),
        (" 978 0 306 40615 7 ", "9780306406157", "9780306406157"),
        ("978–0–306–40615–7", "9780306406157", "9780306406157"),
        ("978\u20110\u2011306\u201140615\u20117", "9780306406157", "9780306406157"),  # no-break hyphens
        ("978\u00ad0306406157", "9780306406157", "9780306406157"),
        ("978\u00a00306406157", "9780306406157", "9780306406157"),
        ("080442957X", "080442957X", "9780804429573"),
        ("9780306406157.0", "9780306406157", "9780306406157"),  # a number with decimals, as pandas writes it
        ("306406152.0", "0306406152", "9780306406157"),
        ("080442957x", "080442957X", "9780804429573"),
        ("0-8044-2957-x", "080442957X", "9780804429573"),
        ("306406152", "0306406152", "9780306406157"),  # the leading zero lost
        ("80442957X", "080442957X", "9780804429573"),
        ("9791032305690", "9791032305690", "9791032305690"),
        ("0000000000", "0000000000", "9780000000002"),
    ],
)
def test_an_isbn_is_understood(text: str, isbn: str, isbn13: str) -> None:
    assert parse(text) == Isbn(isbn, isbn13)


def test_leading_zeros_have_to_make_an_isbn() -> None:
    with pytest.raises(IsbnError, match="7 characters"):
        parse("1234567")


@pytest.mark.parametrize("text", ["0306406153", "9780306406158", "0804429570", "1234567890123", "9770306406157"])
def test_a_wrong_check_digit_is_no_error_and_has_no_other_form(text: str) -> None:
    isbn = parse(text)
    assert isbn == Isbn(text, None)
    assert isbn.identity == text
    assert isbn.isbn10 is None


def test_each_wrong_digit_is_noticed() -> None:
    for right in ("0306406152", "9780306406157"):
        for place in range(len(right)):
            for digit in set("0123456789") - {right[place]}:
                wrong = right[:place] + digit + right[place + 1 :]
                assert parse(wrong).isbn13 is None, wrong


def test_all_forms_of_one_isbn_have_one_identity() -> None:
    assert {parse(form).identity for form in ("0306406152", "0-306-40615-2", "9780306406157", "306406152")} == {
        "9780306406157"
    }


@pytest.mark.parametrize(
    ("isbn", "isbn10"),
    [
        ("9780306406157", "0306406152"),
        ("9780804429573", "080442957X"),
        ("0306406152", "0306406152"),
        ("9791032305690", None),
    ],
)
def test_the_shorter_form(isbn: str, isbn10: str | None) -> None:
    assert parse(isbn).isbn10 == isbn10


@pytest.mark.parametrize(
    "text",
    ["", " ", "-", "978", "123456", "03064061521", "97803064061579", "ISBN", "ISBN 0306406152", "03064O6152",
     "X306406152", "0306X06152", "978030640615X", "9.78031E+12", "9,78031E+12", "٠٣٠٦٤٠٦١٥٢", "０３０６４０６１５２",
     "030640615²", "0306406152\0", "\0", "0306406152.5", "0306/406152", "9" * 100_000, "978030640615\u0667"],
)  # fmt: skip
def test_what_is_no_isbn_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(IsbnError) as refusal:
        parse(text)
    assert str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 200


def test_a_spreadsheets_rounding_is_named() -> None:
    with pytest.raises(IsbnError, match="spreadsheet"):
        parse("9.78031E+12")


def test_hyphens_stand_where_the_agencies_put_them() -> None:
    assert hyphenated("9780306406157") == "978-0-306-40615-7"
    assert hyphenated("080442957X") == "0-8044-2957-X"


def test_what_is_in_no_assigned_range_stays_as_it_is() -> None:
    assert hyphenated("9786999999999").replace("-", "") == "9786999999999"

"""Names that no reader may have."""

import re

import pytest

from flyleaf.database import Database
from flyleaf.passwords import hash_password
from flyleaf.queries.readers import insert_reader
from flyleaf.views.names import is_reserved
from tests.fixture_types import Select, Visit
from tests.site import PASSWORD


@pytest.mark.parametrize(
    "name",
    [
        "admin", "Admin", "ＡＤＭＩＮ", "аdmin", "admín", "adm1n", "@dmin", "a.d.m.i.n", "admin_", " root", "r00t",
        "API", "Moderator", "m0derat0r", "fly-leaf", "Flyleaf", "f1yleaf", "support", "$upport", "systém", "null",
    ],
)  # fmt: skip
def test_names_that_speak_for_the_site_are_refused(name: str) -> None:
    assert is_reserved(name)


@pytest.mark.parametrize(
    "name",
    ["Alice", "Adminton", "Rooty", "badmin", "Apia", "Ольга", "東京", "😀", "Modesty", "Helper", "Ruth", "Reader 5"],
)
def test_readers_have_other_names(name: str) -> None:
    assert not is_reserved(name)


def test_a_reserved_name_is_refused_at_the_registration(visit: Visit, select: Select) -> None:
    response = visit().submit("/register", username="Adm1n", password=PASSWORD, confirmation=PASSWORD)
    assert response.status_code == 422
    assert "username-error" in response.text
    assert select("SELECT count(*) FROM readers") == 0


@pytest.mark.parametrize("name", ["/", "//", ".", "..", "a/b", "Alice/", "Ａ／Ｂ", "?", "-_-", "$ $", "٪"])
def test_a_name_that_no_address_can_hold_is_refused(visit: Visit, select: Select, name: str) -> None:
    response = visit().submit("/register", username=name, password=PASSWORD, confirmation=PASSWORD)
    assert response.status_code == 422
    assert "username-error" in response.text
    assert select("SELECT count(*) FROM readers") == 0


@pytest.mark.parametrize("name", [".a", "..1", "%2e%2e", "a%2Fb", "C++", "a?b#c", "\\a", "٣", "Ⅷ", "a;b=1"])
def test_every_other_name_leads_to_its_profile(visit: Visit, name: str) -> None:
    reader = visit().registered(name)
    [address] = set(re.findall(r'href="(/readers/[^"]*)"', reader.get("/account").text))
    assert reader.get(address).status_code == 200


REAL = """
José|Zoë Saldaña|Ngũgĩ wa Thiong'o|Nguyễn Thị Minh Khai|Kaʻiulani|Ærø Straße|O'Brien|O’Brien|Anne-Marie|J.R.R. Tolkien
Иван|Пётр Ильич|Анна-Мария|Ђорђе|Γιώργος|Հայկ|გიორგი|יוסף|محمد|علی‌رضا|राम|মৃণাল|தமிழ்|ශ්‍රී|ไทย|བསྟན་འཛིན|አበበ
東京 太郎|田中さくら|フランク・ハーバート|김철수|金철수|金 哲洙|ㄅㄆㄇ|T800機|ᏣᎳᎩ|ᠮᠣᠩᠭᠣᠯ|ⵜⴰⵎⴰⵣⵉⵖⵜ|Иван Smith|Anna 田中
Tom & Jerry|bob_1|C++|Reader 5|D’Angelo|Mary-Kate O'Neil|Jean–Luc|Peter (NYC)|50%|x@y|R2-D2!
"""


def refusal(visit: Visit, name: str) -> str | None:
    """What is said of the field when this name is registered; None where it is taken."""
    response = visit().submit("/register", username=name, password=PASSWORD, confirmation=PASSWORD)
    found = re.search(r'id="username-error">.*?<span>(.*?)</span>', response.text, re.DOTALL)
    return None if response.status_code == 303 else found and found[1]


def test_names_of_people_of_all_scripts_are_taken(visit: Visit, subtests: pytest.Subtests) -> None:
    for name in REAL.strip().replace("\n", "|").split("|"):
        with subtests.test(name):
            assert refusal(visit, name) is None


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("pаypal|раypal|Аlice|Ivаn|Αlice|Ꭺlice|ΑΒC|Bоb Smith|Anne-Mаrie|Dune-фан|ｏｋа|ｱlice漢한", "mixes alphabets"),
        ("😀|❤|👍🏽|🇧🇷|★|☺|✨✨|♥♥♥|😀😀", "letter or digit"),
        ("Alice 😀|x★|→ me|Bob™ ✓|£ten|5 €|a≠b", "Use letters and digits"),
        ("<b>|<script>alert(1)|x<y|&lt;b|&#60;b|&#x3c;|{{7*7}}|${x}|{% x %}|[b]x|[x](y)|`x`|x]|<!-- x|&amp;", "markup"),
        ("12٣|٣4|５٤|Bob १2", "two writing systems"),
        ("Z\u0338\u0321\u0322\u0327\u031b|e\u0301\u0301", "accents"),
        ("Bob\u200d|a\u200cb|\u200cAlice|Al\u00adice|Alice\u2066|م\u200c", "invisible"),
    ],
)
def test_names_that_deceive_are_refused_with_the_reason(
    visit: Visit, select: Select, names: str, said: str, subtests: pytest.Subtests
) -> None:
    for name in names.split("|"):
        with subtests.test(name):
            assert said in (refusal(visit, name) or "")
    assert select("SELECT count(*) FROM readers") == 0


@pytest.mark.parametrize("name", ["😀", "pаypal", "<b>x", "Alice ★"])
def test_existing_names_of_that_kind_are_kept(visit: Visit, database: Database, name: str) -> None:
    with database.transaction() as connection:
        assert insert_reader(connection, name, hash_password(PASSWORD))
    assert visit().submit("/login", username=name, password=PASSWORD).status_code == 303


@pytest.mark.parametrize(
    "blanks",
    [" " * 8, "\u3000" * 8, "\u00a0" * 9, "\u2003 \u2003 \u2003 \u2003", "\u200b" * 8, "\u2800" * 8, "\u3164 " * 5],
)
def test_a_password_of_blanks_is_none(visit: Visit, select: Select, blanks: str) -> None:
    response = visit().submit("/register", username="Alice", password=blanks, confirmation=blanks)
    assert response.status_code == 422
    assert "only spaces" in response.text
    assert select("SELECT count(*) FROM readers") == 0


def test_blanks_may_stand_in_a_password(visit: Visit) -> None:
    visit().registered("Alice", "  a  b  c  ")

"""The covers that are drawn."""

import xml.etree.ElementTree as ET
from collections.abc import Callable
from itertools import product
from xml.etree.ElementTree import Element

import pytest

from flyleaf.covers import drawing
from flyleaf.covers.drawing import HEIGHT, LAYOUTS, PALETTES, WIDTH, cover
from flyleaf.covers.typesetting import measure

BOOKS = [
    ("Dune", "Frank Herbert"),
    ("A", ""),
    ("Jacob have I loved", "Katherine Paterson"),
    ("x" * 1000, "y" * 500),
    ("Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft", "Österreich"),
    ("红楼梦：金陵十二钗与大观园的故事", "曹雪芹"),
    ("ألف ليلة وليلة", "محمود درويش"),
    ("موسم الهجرة إلى الشمال", "Tayeb Salih"),
    ("סיפור על אהבה וחושך", "עמוס עוז"),
    ("The Prophet", "جبران خليل جبران"),
    ("गोदान और अन्य प्रसिद्ध कहानियाँ", "मुंशी प्रेमचंद"),
    ("สี่แผ่นดินความสุขของกะทิและเรื่องสั้น", "ม.ร.ว. คึกฤทธิ์ ปราโมช"),
    ("നാലുകെട്ട്", "എം. ടി. വാസുദേവൻ നായർ"),
    ("</text><script>alert('&\"1')</script>", "<b>&amp;</b>"),
    ("The Hitchhiker's Guide to the Galaxy and other words that go on without any end in sight", "Douglas Adams"),
    ("… ?! …", "🎉"),
]


@pytest.fixture(params=product(range(len(LAYOUTS)), (0, 1, 2, 5, 77, 128, 255)), ids=str)
def every_cover(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], str]:
    """Draws in one layout and with one chance after the other."""
    layout, chance = request.param

    class Digest:
        def digest(self) -> bytes:
            return bytes((0, layout, chance))

    monkeypatch.setattr("flyleaf.covers.drawing.hashlib.sha256", lambda _: Digest())
    return lambda title, author: cover("", title, author)


def test_the_same_book_has_the_same_cover() -> None:
    assert cover("9780441172719", "Dune", "Frank Herbert") == cover("9780441172719", "Dune", "Frank Herbert")


def test_books_look_different() -> None:
    covers = {cover(str(number), "Dune", "Frank Herbert") for number in range(200)}
    assert len(covers) > 150
    grounds = {svg.split('fill="')[1][:7] for svg in covers}
    assert grounds == {palette[0] for palette in PALETTES}


def test_each_cover_is_well_formed_and_says_the_text(every_cover: Callable[[str, str], str]) -> None:
    for title, author in BOOKS:
        svg = ET.fromstring(every_cover(title, author))
        assert svg.tag == "svg"
        assert svg.get("viewBox") == f"0 0 {WIDTH} {HEIGHT}"
        assert {element.tag for element in svg.iter()} <= {"svg", "path", "g", "text", "tspan", "circle"}
        assert all(element.get("style") is None for element in svg.iter()), "the CSP would refuse it"
        said = "".join("".join(line.itertext()).rstrip("-…") for line in svg.iter("tspan"))
        assert said.replace(" ", "").startswith(title.replace(" ", "")[:1])


def test_no_line_leaves_the_cover(every_cover: Callable[[str, str], str]) -> None:
    for title, author in BOOKS:
        for text in ET.fromstring(every_cover(title, author)).iter("text"):
            size = number(text, "font-size")
            for line in text.iter("tspan"):
                y, width = number(line, "y"), measure(line.text or "") * size
                left = left_of(text, line)
                assert left >= 6, (title, line.text)
                assert left + width <= WIDTH, (title, line.text)
                assert size * 0.7 <= y <= HEIGHT - size * 0.25, (title, line.text)


def number(element: Element, attribute: str) -> float:
    return float(element.attrib[attribute])


def left_of(text: Element, line: Element) -> float:
    """The left end of a line of a text, by its anchor and direction."""
    x, width = number(line, "x"), measure(line.text or "") * number(text, "font-size")
    anchor = text.get("text-anchor", "start")
    if anchor == "middle":
        return x - width / 2
    return x - width if (anchor == "end") != (text.get("direction") == "rtl") else x


def test_no_line_lies_on_the_band_along_the_spine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arabic titles did: "ألف ليلة وليلة". Books that are read from right to left have their spine at the right."""
    monkeypatch.setattr(drawing, "LAYOUTS", [drawing._spine])
    for title, author in BOOKS:
        svg = ET.fromstring(cover("", title, author))
        low, high = (0, WIDTH - 56) if svg.find(".//g[@transform]") is not None else (56, WIDTH)
        for text in svg.iter("text"):
            for line in text.iter("tspan"):
                left = left_of(text, line)
                assert low <= left, (title, line.text)
                assert left + measure(line.text or "") * number(text, "font-size") <= high, (title, line.text)
    assert "<g transform" in cover("", "ألف ليلة وليلة", "")
    assert "<g transform" not in cover("", "Dune", "فرانك هربرت")


def test_title_and_author_start_at_the_same_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever direction each of them has."""
    for layout in (drawing._sun, drawing._initial, drawing._spine):
        monkeypatch.setattr(drawing, "LAYOUTS", [layout])
        for title, author in (("موسم الهجرة", "Tayeb Salih"), ("The Prophet", "جبران خليل جبران")):
            texts = [text for text in ET.fromstring(cover("", title, author)).iter("text") if len(text)]
            edges = [
                (text[0].get("x"), (text.get("text-anchor") == "end") != ("direction" in text.attrib)) for text in texts
            ]
            assert len(edges) == 2
            assert edges[0] == edges[1], (layout, title)


def test_a_subtitle_is_left_to_the_page() -> None:
    assert "authoritative" not in cover("1", "Hard times: an authoritative text", "Charles Dickens")
    assert "1984" in cover("1", "1984: a novel", "George Orwell")


def luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return sum(share * c for share, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("palette", PALETTES)
def test_text_can_be_read(palette: tuple[str, str, str]) -> None:
    lighter, darker = sorted(map(luminance, palette[:2]), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 7

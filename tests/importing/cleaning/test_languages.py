"""Languages as files name them."""

import pytest

from flyleaf.importing.cleaning.languages import language_code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("eng", "en"),
        ("en", "en"),
        ("EN", "en"),
        ("English", "en"),
        (" english ", "en"),
        ("[English]", "en"),
        ("/languages/eng", "en"),
        ("en-US", "en-US"),
        ("en_us", "en-US"),
        ("eng-GB", "en-GB"),
        ("American English", "en-US"),
        ("ger", "de"),
        ("deu", "de"),
        ("Deutsch", "de"),
        ("fre", "fr"),
        ("fra", "fr"),
        ("français", "fr"),
        ("chi", "zh"),
        ("zho", "zh"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("Chinese, simplified", "zh-Hans"),
        ("日本語", "ja"),
        ("Ελληνικά", "el"),
        ("Greek, Modern (1453-)", "el"),
        ("Greek (Ancient)", "grc"),
        ("English, Middle (1100-1500)", "enm"),
        ("pt-BR", "pt-BR"),
        ("Portuguese (Brazil)", "pt-BR"),
        ("Brazilian Portuguese", "pt-BR"),
        ("Spanish; Castilian", "es"),
        ("Farsi", "fa"),
        ("scr", "hr"),
        ("scc", "sr"),
        ("esp", "eo"),
        ("iri", "ga"),
        ("gem", "gem"),
        ("grc", "grc"),
    ],
)
def test_a_language_that_is_known(text: str, code: str) -> None:
    assert language_code(text) == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "und",
        "zxx",
        "mul",
        "|||",
        "   ",
        "Unknown",
        "qqq",
        "xyz",
        "x",
        "en-ZZZ",
        "Elbish",
        "12",
        "a" * 1000,
        "../../etc",
    ],
)
def test_none_is_known(text: str) -> None:
    assert language_code(text) is None

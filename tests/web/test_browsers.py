"""Which browser it was, in words."""

import pytest

from flyleaf.web.browsers import browser_and_system

MADE_AS = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", ("Firefox", "Linux")),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {MADE_AS} Chrome/120.0.0.0 Safari/537.36", ("Chrome", "Windows")),
        (
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {MADE_AS} Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0",
            ("Edge", "Windows"),
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/17.1 Mobile/15E148 Safari/604.1",
            ("Safari", "iPhone"),
        ),
        (f"Mozilla/5.0 (Linux; Android 10; K) {MADE_AS} Chrome/120.0.0.0 Mobile Safari/537.36", ("Chrome", "Android")),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {MADE_AS} Chrome/120.0 Safari/537.36", ("Chrome", "ChromeOS")),
        ("curl/8.5.0", ("curl", None)),
        ("", (None, None)),
        ("<script>", (None, None)),
        ("x" * 400 + "Firefox/1 Linux", (None, None)),
    ],
)
def test_a_browser_and_its_system(header: str, names: tuple[str, str] | tuple[str, None] | tuple[None, None]) -> None:
    assert browser_and_system(header) == names

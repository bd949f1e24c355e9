"""What a page is made of, as a parser of HTML sees it."""

import re
from collections import Counter
from html.parser import HTMLParser


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: Counter[str] = Counter()
        self.scripts: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[tag] += 1
        for name, value in attrs:
            self.found[f"{tag} {name}"] += 1
            if name in ("href", "src", "action", "formaction", "data"):
                self.addresses.append(value or "")
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "script":
            self.scripts[-1] += data

    def handle_comment(self, data: str) -> None:
        self.found["comment"] += 1


def _parsed(html: str) -> _Elements:
    parser = _Elements()
    parser.feed(html)
    parser.close()
    return parser


def elements(html: str) -> Counter[str]:
    """How often each element, each of its attributes ("a href") and a comment are there."""
    return _parsed(html).found


def scripts(html: str) -> list[str]:
    """What stands inside the script elements."""
    return _parsed(html).scripts


def addresses(html: str) -> list[str]:
    """What may be followed, loaded or sent to."""
    return _parsed(html).addresses


def part(pattern: str, html: str) -> str:
    """The first part of a page that matches, or of it the group, if the pattern has one. Its dots match line ends."""
    match = re.search(pattern, html, re.DOTALL)
    assert match, f"nothing matches {pattern}"
    return str(match[1] if match.re.groups else match[0])

"""docs/security.md names tests that exist, and each requirement of ASVS once."""

import re
from collections import Counter

from flyleaf.config import PROJECT

DOCUMENT = (PROJECT / "docs" / "security.md").read_text(encoding="utf-8")


def test_every_file_that_is_named_is_there() -> None:
    named = set(re.findall(r"`((?:tests|flyleaf|faults|docs)/[\w/.]+)`", DOCUMENT))
    assert len(named) > 30
    assert sorted(name for name in named if not (PROJECT / name).exists()) == []


# Sections of ASVS 5.0.0, and how many of their requirements, which come first in each, are of the levels 1 and 2.
SECTIONS = """
    1.1:2 1.2:9 1.3:11 1.4:3 1.5:2 2.1:3 2.2:3 2.3:4 2.4:1 3.2:2 3.3:4 3.4:6 3.5:5 3.7:2 4.1:3 4.2:1 4.3:2 4.4:4
    5.1:1 5.2:3 5.3:2 5.4:3 6.1:3 6.2:12 6.3:4 6.4:4 6.5:5 6.6:3 6.8:4 7.1:3 7.2:4 7.3:2 7.4:5 7.5:2 7.6:2
    8.1:2 8.2:3 8.3:1 8.4:1 9.1:3 9.2:4 10.1:2 10.2:2 10.3:4 10.4:11 10.5:5 10.6:2 10.7:3
    11.1:2 11.2:3 11.3:3 11.4:4 11.5:1 11.6:1 12.1:3 12.2:2 12.3:4 13.1:1 13.2:5 13.3:2 13.4:5
    14.1:2 14.2:4 14.3:3 15.1:3 15.2:3 15.3:7 16.1:1 16.2:5 16.3:4 16.4:3 16.5:3 17.1:1 17.2:4 17.3:2
"""


def test_every_requirement_is_in_one_place() -> None:
    table = DOCUMENT.partition("| chapter |")[2]
    numbers = Counter(
        f"{section}.{number}"
        for section, first, last in re.findall(r"(?<![\d.])(\d+\.\d+)\.(\d+)(?:–(\d+))?(?![\d.])", table)
        for number in range(int(first), int(last or first) + 1)
    )
    expected = {
        f"{section}.{number}"
        for section, count in re.findall(r"([\d.]+):(\d+)", SECTIONS)
        for number in range(1, int(count) + 1)
    }
    assert len(expected) == 253
    assert numbers == Counter(expected)

"""The README says what is true."""

import json
import re
from collections.abc import Callable

from flyleaf.config import PROJECT
from tests.fixture_types import Visit
from tests.settings import settings_read

README = (PROJECT / "README.md").read_text()


def test_every_setting_is_in_the_table_and_nothing_else() -> None:
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", README, re.MULTILINE)) == settings_read()


def test_every_make_target_that_is_named_is_there() -> None:
    targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    texts = [PROJECT / "requirements.in", *PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md")]
    named = {name for text in texts for name in re.findall(r"(?:^|`)make\s+([a-z]+)", text.read_text(), re.MULTILINE)}
    assert {"run", "test", "requirements"} <= named <= targets


def test_every_file_that_is_linked_is_there() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert [link for link in links if "://" not in link and not (PROJECT / link).exists()] == []


def test_the_example_of_the_api_is_its_answer(visit: Visit, add_book: Callable[..., object]) -> None:
    example = re.search(r"curl \S+(/api/[0-9X]+)\n```\n\n```json\n(.+?)```", README, re.DOTALL)
    assert example
    expected = json.loads(example[2])
    add_book(expected["isbn"], expected["title"], expected["author"], year=expected["year"])
    answer = visit().get(example[1]).get_json()
    assert answer is not None
    assert list(answer) == list(expected)
    assert answer | {"review_count": 0, "average_score": None} == expected | {"review_count": 0, "average_score": None}

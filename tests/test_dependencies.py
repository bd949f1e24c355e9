"""docs/dependencies.md says of every package what it is for and under which licence; every version is pinned."""

import re
from pathlib import Path

import pytest

from flyleaf.config import PROJECT

DOCUMENT = (PROJECT / "docs" / "dependencies.md").read_text(encoding="utf-8")
LICENCES = re.compile(r"BSD|MIT|Apache-2\.0|LGPL|MPL|ISC|PSF|PostgreSQL")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def required(file: Path) -> set[str]:
    """The names of a file of requirements."""
    names = re.findall(r"^([A-Za-z0-9][\w.-]*)", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {normal(name) for name in names}


def rows(text: str) -> dict[str, str]:
    """The licence beside each package of a table."""
    found = re.findall(r"^\| ([^|]+) \| ([^|]+) \|", text, re.MULTILINE)
    return {normal(name): licence for names, licence in found for name in names.split(", ")}


def test_whatever_the_site_runs_on_is_explained() -> None:
    ours, _, others = DOCUMENT.partition("## Indirect dependencies")
    brought, _, for_tests = others.partition("## For tests and checks")
    required_by_us = required(PROJECT / "requirements.in")
    assert required_by_us <= rows(ours).keys()
    assert required(PROJECT / "requirements.txt") <= rows(ours).keys() | rows(brought).keys()
    assert required(PROJECT / "requirements-dev.in") <= rows(for_tests).keys()


def test_nothing_is_explained_that_is_not_there() -> None:
    there = required(PROJECT / "requirements.txt") | required(PROJECT / "requirements-dev.in") | {"package"}
    assert {name for name in rows(DOCUMENT) if not name.startswith("---")} <= there


@pytest.mark.parametrize("package", sorted(rows(DOCUMENT).keys() - {"package"}))
def test_it_has_a_licence(package: str) -> None:
    licence = rows(DOCUMENT)[package]
    assert set(licence) == {"-"} or LICENCES.search(licence)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_package_is_pinned_by_its_hashes(name: str) -> None:
    text = (PROJECT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assert len(lines) > 40
    assert [line[:60] for line in lines if not re.match(r"[\w.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line)] == []

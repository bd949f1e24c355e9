"""The files of deploy/ name what exists."""

import re
import shlex

from flyleaf.config import PROJECT
from tests.settings import settings_read

DEPLOY = PROJECT / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))


def test_the_image_contains_what_the_site_needs_and_nothing_private() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    copied = {
        name
        for line in re.findall(r"^COPY (?!--from)(.*)$", dockerfile, re.MULTILINE)
        for name in shlex.split(line)[:-1]
    }
    allowed = set(re.findall(r"^!(.*)$", (PROJECT / ".dockerignore").read_text(), re.MULTILINE))
    assert copied == allowed
    assert all((PROJECT / name).exists() for name in copied)
    assert {"flyleaf", "templates", "static", "translations", "application.py", "books.csv"} <= copied


def test_settings_in_units_and_in_the_image_are_settings() -> None:
    set_in_units = {
        name
        for path in UNITS
        for line in re.findall(r"^Environment=(.*)$", path.read_text(), re.MULTILINE)
        for name, _, _ in (word.partition("=") for word in shlex.split(line))
    }
    image = re.findall(r"^ENV (.*)$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    set_in_image = {word.partition("=")[0] for line in image for word in shlex.split(line)}
    compose = (DEPLOY / "compose.yaml").read_text()
    set_in_compose = set(re.findall(r"^      ([A-Z_]+):", compose, re.MULTILINE))
    assert "FLYLEAF_DATA" in set_in_units & set_in_image
    assert "HTTPS" in set_in_compose
    assert set_in_units | set_in_image | set_in_compose <= settings_read()


def test_the_documents_name_every_file() -> None:
    text = (PROJECT / "docs" / "operations.md").read_text()
    assert [path.name for path in DEPLOY.iterdir() if path.name not in text] == []

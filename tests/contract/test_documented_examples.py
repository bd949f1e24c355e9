"""The examples of docs/api.md, as they stand."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from flyleaf.config import PROJECT
from tests.browser.conftest import serving
from tests.fixture_types import AddBook, Select
from tests.site import Site
from tests.tokens import new_token

EXAMPLES = re.findall(r"^```(sh|python)\n(.*?)^```", (PROJECT / "docs" / "api.md").read_text("utf-8"), re.M | re.S)
ALL_OF_PYTHON = "".join(code for language, code in EXAMPLES if language == "python")


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_every_example_works(
    app: Flask, alice: Site, bob: Site, add_book: AddBook, select: Select, tmp_path: Path
) -> None:
    add_book("9780141439518", "Pride and Prejudice", "Jane Austen")
    add_book("9780192827609", "Pride and Prejudice", "Jane Austen")
    add_book("9780141439587", "Emma", "Jane Austen")
    add_book("9780141439662", "Sense and Sensibility", "Jane Austen")
    for number in range(3):
        add_book(f"978000000001{number}", f"Pride of the Meadow {number}", "A. Shepherd")
    bob.review("9780141439518", 5, "Such wit.")
    with serving(app) as address:
        known = os.environ | {"FLYLEAF": address, "TOKEN": new_token(alice, "write")}
        shell = [code for language, code in EXAMPLES if language == "sh"]
        answers = [_run(["bash", "-euc", code], known, tmp_path) for code in shell]
        said = _run([sys.executable, "-c", ALL_OF_PYTHON], known, tmp_path)
    assert '"title":"Pride and Prejudice"' in answers[0]
    assert len(shell) == 5
    lines = said.splitlines()
    assert lines[0].startswith("Pride and Prejudice 5.0")
    assert "9780141439587 Emma" in lines
    assert "Bob Such wit." in lines
    assert select("SELECT count(*) FROM helpful_votes") == 1
    assert "Pride and Prejudice ['2026-11-20']" in lines
    assert "1 Emma identifier 9780141439587 write" in lines
    assert select("SELECT notes FROM shelved_books") == "Lent to Ana."
    assert lines[-1] == "304"
    assert "422 application/problem+json rating: Must be" in said
    assert {"2 2", "chosen", "written", "ready"} <= set(lines)
    assert select("SELECT string_agg(text, ', ' ORDER BY id) FROM reviews") == "Such wit., Better the second time."


def _run(command: list[str], environment: dict[str, str], folder: Path) -> str:
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout

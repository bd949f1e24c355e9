"""The types of the shared fixtures that are functions; tests/conftest.py says what each of them does."""

from collections.abc import Callable
from typing import Any

from tests.site import Site

AddBook = Callable[..., str]
Select = Callable[..., Any]
Together = Callable[..., list[Any]]
Visit = Callable[[], Site]

"""What readers and programs do at the same time, for locust: most type and search, many open books, few write.

`benchmarks.mix` runs it. Books and queries are drawn as readers draw them: a few are asked
for all the time, most hardly ever.
"""

import json
import os
import random
import re
import time
import uuid
from html import unescape
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, quote_plus

from locust import FastHttpUser

from benchmarks.asked import Book, query_for, sample

PASSWORD = "a rose is a rose"
# How often each operation happens, in a hundred.
MIX = {
    "suggestions": 40,
    "search": 22,
    "book": 20,
    "API book": 6,
    "floor": 4,
    "API search": 2,
    "profile": 2,
    "review": 3,
    "login": 1,
}
KEPT = 20_000  # books that are asked for
EXPONENT = 0.9  # of Zipf's law: the n-th book is asked for 1 / n ** EXPONENT as often as the first
_HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*>')


class Settings(NamedTuple):
    """What `benchmarks.mix` says, in the variable MIX: a JSON list."""

    catalogue: str
    hosts: tuple[str, ...]
    only: str  # one operation, or "" for all


SETTINGS = Settings(*json.loads(os.environ["MIX"]))


BOOKS = sample(Path(SETTINGS.catalogue), KEPT)
CHANCE = random.Random()
WEIGHTS = list(accumulate(1 / (rank + 1) ** EXPONENT for rank in range(len(BOOKS))))


def a_book() -> Book:
    return random.choices(BOOKS, cum_weights=WEIGHTS)[0]


def a_query() -> str:
    return query_for(a_book(), CHANCE, slips=0.1)


class Reader(FastHttpUser):
    """A browser that asks without a pause, from an address of its own."""

    def __init__(self, environment: Any) -> None:
        self.host = random.choice(SETTINGS.hosts)  # each reader keeps to one node
        super().__init__(environment)
        self.name = f"Reader {uuid.uuid4().hex[:12]}"
        self.headers = {"X-Forwarded-For": f"198.18.{random.randrange(256)}.{random.randrange(256)}"}
        self.hidden: dict[str, str] = {}

    def on_start(self) -> None:
        """Register. The site hashes few passwords at once, and asks the others to come back."""
        while not self.fill_in("/register", username=self.name, password=PASSWORD, confirmation=PASSWORD):
            time.sleep(1)
        self.keep_hidden("/account")

    def get(self, path: str, name: str) -> str:
        """Request a page and return it. locust counts the request under the name."""
        with self.client.get(path, headers=self.headers, name=name, allow_redirects=False) as response:
            return str(response.text or "")

    def fill_in(self, path: str, name: str = "prepare", **fields: str) -> bool:
        """Submit the form of a page, and return whether that worked. Only that is counted under the name."""
        self.keep_hidden(path)
        return self.send(path, name, **fields)

    def keep_hidden(self, path: str) -> None:
        """Request a page, and keep the hidden fields of its forms, such as their token."""
        page = self.get(path, "prepare")
        self.hidden = {
            attributes["name"]: unescape(attributes.get("value", ""))
            for attributes in (dict(re.findall(r'(\w+)="([^"]*)"', tag)) for tag in _HIDDEN.findall(page))
            if "name" in attributes
        }

    def send(self, path: str, name: str, **fields: str) -> bool:
        with self.client.post(
            path, data=self.hidden | fields, headers=self.headers, name=name, allow_redirects=False, catch_response=True
        ) as response:
            worked = response.status_code in (303, 409)  # 409: this reader has reviewed the book already
            if worked:
                response.success()
            else:
                response.failure(f"status {response.status_code}")
            return worked

    def suggestions(self) -> None:
        """Type a query. The site is asked for every second letter, as a fast typist's browser does."""
        query = a_query()
        self.get(f"/search/suggestions?q={quote_plus(query[: random.randint(2, len(query))])}", "suggestions")

    def search(self) -> None:
        self.get(f"/search?q={quote_plus(a_query())}", "search")

    def book(self) -> None:
        self.get(f"/books/{a_book().isbn}", "book")

    def api_book(self) -> None:
        self.get(f"/api/{a_book().isbn}", "API book")

    def api_search(self) -> None:
        self.get(f"/api/search?q={quote_plus(a_query())}", "API search")

    def floor(self) -> None:
        self.get(f"/floor/{a_book().isbn}", "floor")

    def profile(self) -> None:
        self.get(f"/readers/{quote(self.name)}", "profile")

    def review(self) -> None:
        isbn = random.choice(BOOKS).isbn
        self.send(f"/books/{isbn}/review", "review", rating=str(random.randint(1, 5)), text="Worth reading.")

    def login(self) -> None:
        self.client.cookiejar.clear()
        self.fill_in("/login", "login", username=self.name, password=PASSWORD)
        self.keep_hidden("/account")

    tasks = {  # type: ignore[assignment]  # noqa: RUF012  # locust reads it so
        task: MIX[name]
        for name, task in {
            "suggestions": suggestions,
            "search": search,
            "book": book,
            "API book": api_book,
            "API search": api_search,
            "floor": floor,
            "profile": profile,
            "review": review,
            "login": login,
        }.items()
        if SETTINGS.only in ("", name)
    }

"""Books that readers ask for, and what they type to find them."""

import csv
import random
import re
from pathlib import Path
from typing import NamedTuple


class Book(NamedTuple):
    isbn: str
    title: str
    author: str


def sample(catalogue: Path, count: int) -> list[Book]:
    """Return so many books of the file in random order, the same in every run, without keeping the file in memory."""
    chance = random.Random(1)
    kept: list[Book] = []
    with catalogue.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file)):
            book = Book(row["isbn"], row["title"], row["author"])
            if number < count:
                kept.append(book)
            elif (place := chance.randrange(number + 1)) < count:
                kept[place] = book
    chance.shuffle(kept)
    return kept


def query_for(book: Book, chance: random.Random, slips: float = 0.0) -> str:
    """Return its title, the beginning of it, its author, or both; with a letter missing in so many of all cases."""
    words = re.findall(r"\w+", book.title)
    author = re.findall(r"\w+", book.author)[-1:]
    query = " ".join(chance.choice([words[:6], words[:2], author, words[:3] + author])) or "book"
    if len(query) > 4 and chance.random() < slips:
        at = chance.randrange(1, len(query))
        query = query[: at - 1] + query[at:]
    return query

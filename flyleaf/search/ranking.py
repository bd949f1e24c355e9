"""How good a match is: the logarithm of how likely a reader who means this work would have typed this query.

A noisy channel (Kernighan, Church and Gale 1990; Brill and Moore 2000): the prior of the work, from its popularity,
times the likelihood that one who means it types its title, the beginning of it, some of its words, its author, or
words of both; each wrong letter makes it less likely. All numbers are natural logarithms, so they add up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from flyleaf.search.candidates import Candidate
from flyleaf.search.edits import resembles
from flyleaf.search.reading import ARTICLES, Reading


@dataclass(frozen=True)
class Weights:
    """What was tuned, on other seeds than those of the published figures."""

    title_whole: float = 4.5  # the query is the title
    title_main: float = 4.0  # … the title before its subtitle or bracket
    title_start: float = 2.8  # the title begins with it
    title_words: float = 1.0  # its words are in the title
    title_length: float = 1.6  # less for each e-fold that the title is longer than the query
    article: float = 0.3  # the leading article is the same, too
    author_whole: float = 4.0
    author_surname: float = 3.0
    author_words: float = 1.5
    author_length: float = 0.5
    both: float = 2.1  # words of the title and of the author
    both_surname: float = 0.7  # … and the surname is among them
    unfinished: float = 1.3  # less where the last word only begins a word
    elsewhere: float = 3.3  # less for a word that is neither in title nor author as typed: a numeral, initials
    missing: float = 6.0  # less for a word that nothing in the work resembles
    prior: float = 0.8
    prior_scale: float = 5.0


WEIGHTS = Weights()
REPEAT_COST = 6.0  # a word that was typed more often than the work has it
SPACES_COST = 2.0  # set apart or run together otherwise than printed
LOOSE_COST = 3.0  # an edit of the word that was left out


class Match(NamedTuple):
    """A candidate with its score, and why: the words of the work that matched, and the fields that they are in."""

    score: float
    candidate: Candidate
    stage: str
    words: tuple[str, ...]
    fields: tuple[str, ...]
    typed: tuple[str, ...] = ()


def prior(popularity: int, weights: Weights = WEIGHTS) -> float:
    """Half of all readers look for any book, half for popular ones, which counts with the root of the popularity."""
    return weights.prior * math.log1p(math.sqrt(popularity) / weights.prior_scale)


def without_article(words: list[str]) -> list[str]:
    return words[1:] if len(words) > 1 and words[0] in ARTICLES else words


Placed = tuple[str, float] | None  # a word of the work, and what it costs that the reader typed another


class TermMatcher:
    """A reading made ready to be compared with many candidates."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.exact: list[dict[str, float]] = []
        self.prefixes: list[str | None] = []
        for term in reading.terms:
            self.exact.append({a.word: a.cost for a in reversed(term.alternatives) if not a.prefix})
            self.prefixes.append(next((a.word for a in term.alternatives if a.prefix), None))
        self.typed = tuple(term.typed for term in reading.terms)
        self.loose = tuple(term.loose for term in reading.terms)
        self.simple = tuple(set(exact) == {typed} for exact, typed in zip(self.exact, self.typed, strict=True))
        # Most terms stand for themselves, and most often the word is there: the short way.
        self.exactly: tuple[Placed, ...] = tuple(
            (typed, 0.0) if simple and not loose else None
            for typed, simple, loose in zip(self.typed, self.simple, self.loose, strict=True)
        )
        self.size = len(self.typed)
        self.repeats = len(set(self.typed)) < self.size
        self.has_article = self.typed[0] in ARTICLES and self.size > 1

    def place(self, words: list[str], unfinished: float) -> list[Placed]:
        """For each term the best of the words that it can stand for, and its cost."""
        return [
            exactly if exactly is not None and exactly[0] in words else self._best(term, words, unfinished)
            for term, exactly in enumerate(self.exactly)
        ]

    def _best(self, term: int, words: list[str], unfinished: float) -> Placed:
        best: Placed = None
        exact = self.exact[term]
        if self.loose[term]:
            return self._loosely(self.typed[term], words)
        if self.exactly[term] is None:
            for word in words:
                cost = exact.get(word)
                if cost is not None and (best is None or cost < best[1]):
                    best = (word, cost)
        prefix = self.prefixes[term]
        if prefix is not None and (best is None or best[1] > unfinished):
            for word in words:
                if word.startswith(prefix):
                    return word, unfinished
        return best

    @staticmethod
    def _loosely(typed: str, words: list[str]) -> Placed:
        near = [(distance, word) for word in words if (distance := resembles(typed, word)) is not None]
        return (min(near)[1], LOOSE_COST * min(near)[0]) if near else None


def score(matcher: TermMatcher, candidate: Candidate, weights: Weights = WEIGHTS) -> Match:
    """Compare one reading with one candidate."""
    title, author = candidate.title_key.split(), candidate.author_key.split()
    in_title = matcher.place(title, weights.unfinished)
    in_author = matcher.place(author, weights.unfinished)
    if not any(in_author) and None not in in_title:  # most candidates: the title alone can explain the query
        best = _as_title(matcher, candidate, title, in_title, weights)
    elif not any(in_title) and None not in in_author:
        best = _as_author(matcher, author, in_author, weights)
    else:
        best = max(
            _as_title(matcher, candidate, title, in_title, weights),
            _as_author(matcher, author, in_author, weights),
            _as_both(matcher, title, author, in_title, in_author, weights),
        )
    stage = matcher.reading.label
    if len(best[1]) < matcher.size and stage == "words":
        letters = _as_letters(matcher, title, weights)
        if letters[0] > best[0]:
            best, stage = letters, "start"
    value, words, fields = best
    if matcher.repeats and stage != "start":  # typed twice, as in "the the"
        value -= REPEAT_COST * sum(max(0, words.count(word) - (title + author).count(word)) for word in set(words))
    return Match(
        value + prior(candidate.popularity, weights) - matcher.reading.cost,
        candidate,
        stage,
        words,
        fields,
        matcher.typed,
    )


Scored = tuple[float, tuple[str, ...], tuple[str, ...]]
NOTHING: Scored = (-99.0, (), ())


def _as_title(
    matcher: TermMatcher, candidate: Candidate, title: list[str], placed: list[Placed], weights: Weights
) -> Scored:
    if None in placed:
        return NOTHING
    words = tuple(p[0] for p in placed if p)
    cost = sum(p[1] for p in placed if p)
    value = weights.title_words - weights.title_length * math.log(max(1.0, len(title) / matcher.size))
    start = 1 if matcher.has_article else 0
    bare = title[1:] if len(title) > 1 and title[0] in ARTICLES else title
    chosen = words[1:] if matcher.has_article else words
    if tuple(bare[: len(chosen)]) == chosen or tuple(title[: len(words)]) == words:
        length = candidate.title_key
        typed = " ".join(words)
        if len(bare) == len(chosen) or length == typed:
            value = weights.title_whole
        elif (
            candidate.main_length < len(length)
            and len(length[: candidate.main_length].split()) - (len(title) - len(bare)) == len(words) - start
        ):
            value = weights.title_main
        else:
            value = max(value, weights.title_start - 0.3 * weights.title_length * math.log(len(title) / matcher.size))
        if length.startswith(typed):
            value += weights.article
    return value - cost, words, ("title",)


def _as_letters(matcher: TermMatcher, title: list[str], weights: Weights) -> Scored:
    """The title or its beginning, but with spaces in other places."""
    typed = "".join(matcher.typed)
    for words in (title, without_article(title)):
        letters = "".join(words)
        if letters.startswith(typed):
            value = weights.title_whole if letters == typed else weights.title_start
            covered = next(n for n in range(len(words) + 1) if len("".join(words[:n])) >= len(typed))
            length = 0.3 * weights.title_length * math.log(len(words) / covered)
            return value - length - SPACES_COST, tuple(words[:covered]), ("title",)
    return NOTHING


def _as_author(matcher: TermMatcher, author: list[str], placed: list[Placed], weights: Weights) -> Scored:
    if None in placed:
        return NOTHING
    words = tuple(p[0] for p in placed if p)
    cost = sum(p[1] for p in placed if p)
    if len(author) == matcher.size and set(words) == set(author):
        value = weights.author_whole
    elif author[-1] in words:
        value = weights.author_surname - (
            weights.author_length * math.log(len(author) / matcher.size) if matcher.size > 1 else 0
        )
    else:
        value = weights.author_words - weights.author_length * math.log(len(author) / matcher.size)
    return value - cost, words, ("author",)


def _as_both(
    matcher: TermMatcher,
    title: list[str],
    author: list[str],
    in_title: list[Placed],
    in_author: list[Placed],
    weights: Weights,
) -> Scored:
    words, cost, titles, authors, surname = [], 0.0, 0, 0, False
    for term in range(matcher.size):
        a, b = in_title[term], in_author[term]
        if a is None and b is None:
            cost += weights.missing if matcher.loose[term] else weights.elsewhere
            continue
        if b is not None and (a is None or b[1] < a[1] or (b[1] == a[1] and b[0] == author[-1])):
            authors += 1
            surname = surname or b[0] == author[-1]
            words.append(b[0])
            cost += b[1]
        elif a is not None:
            titles += 1
            words.append(a[0])
            cost += a[1]
    value = (
        weights.both
        + (weights.both_surname if surname else 0)
        - 0.5 * weights.title_length * math.log(max(1.0, len(title) / max(1, titles)))
    )
    fields = ("title",) * (titles > 0) + ("author",) * (authors > 0)
    return value - cost, tuple(words), fields

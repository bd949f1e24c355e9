"""How good a match is that lacks some of the words: each costs the more, the more it says."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

from flyleaf.search.candidates import Candidate
from flyleaf.search.matching import Match, Placed, TermMatcher, Weights, prior, without_article

RAREST_COST = 2.0  # the work lacks the most telling of the words
LEAST_TOLD = 0.3  # of what the words say that are in any work


@dataclass
class _Covered:
    """What a work has of the words, summed up."""

    words: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    fields: set[str] = field(default_factory=set)
    cost: float = 0.0
    told: float = 0.0  # what the words that it has say
    dearest: float = 0.0
    changed: bool = False
    in_title: int = 0
    surname: bool = False


def as_covered(
    matcher: TermMatcher, candidate: Candidate, in_title: list[Placed], in_author: list[Placed], weights: Weights
) -> Match:
    """Score a work that explains some of the words. The match has no words where that is next to nothing."""
    title, author = candidate.title_key.split(), candidate.author_key.split()
    covered = _cover(matcher, title, author, in_title, in_author)
    whole = _whole_title(matcher, candidate, title, in_title, weights)
    longer = len(title) / max(1, covered.in_title)
    value = whole or weights.both - 0.5 * weights.title_length * math.log(max(1.0, longer))
    if covered.surname:
        value += weights.both_surname
    if covered.missing and covered.dearest >= matcher.rarest > 0:
        value -= RAREST_COST
    value += prior(candidate.popularity, weights) - covered.cost - matcher.reading.cost
    return Match(
        value,
        candidate,
        matcher.reading.label,
        tuple(covered.words) if covered.told >= LEAST_TOLD * matcher.told else (),
        tuple(name for name in ("title", "author") if name in covered.fields),
        matcher.typed,
        tuple(covered.missing),
        covered.dearest,
        not covered.changed,
        whole is not None,
    )


def _cover(
    matcher: TermMatcher, title: list[str], author: list[str], in_title: list[Placed], in_author: list[Placed]
) -> _Covered:
    covered = _Covered()
    left = Counter(title + author) if matcher.repeats else None  # a word typed twice has to be there twice
    for term, (a, b, missing) in enumerate(zip(in_title, in_author, matcher.missing, strict=True)):
        best = min((placed for placed in (a, b) if placed is not None), key=lambda placed: placed[1], default=None)
        if best is not None and left is not None:
            left[best[0]] -= 1
            best = best if left[best[0]] >= 0 else None
        typed = matcher.typed[term]
        if best is None or best[1] >= missing:
            covered.missing.append(typed)
            covered.cost += missing
            covered.dearest = max(covered.dearest, missing)
            continue
        word, cost = best
        covered.words.append(word)
        covered.told += missing
        covered.cost += cost
        covered.changed |= word != typed and not (term == matcher.size - 1 and word.startswith(typed))
        is_in_title = a is not None and a[1] <= cost
        covered.in_title += is_in_title
        covered.fields.add("title" if is_in_title else "author")
        covered.surname |= b is not None and b[1] <= cost and b[0] == author[-1]
    return covered


def _whole_title(
    matcher: TermMatcher, candidate: Candidate, title: list[str], in_title: list[Placed], weights: Weights
) -> float | None:
    """Return what the whole title, or all of it before a subtitle or bracket, is worth; None: the query lacks it."""
    typed = " ".join(placed[0] if placed else word for placed, word in zip(in_title, matcher.typed, strict=True))
    if f" {' '.join(without_article(title))} " in f" {typed} ":
        return weights.title_whole
    if candidate.main_length < len(candidate.title_key):
        main = without_article(candidate.title_key[: candidate.main_length].split())
        if f" {' '.join(main)} " in f" {typed} ":
            return weights.title_main
    return None

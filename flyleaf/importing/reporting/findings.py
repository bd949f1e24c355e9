"""Collect what the operator should know about an import, in bounded memory."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from flyleaf.importing.table import Reason, Refusal

SHOWN = 20  # of each kind; the others are only counted


@dataclass
class Kind:
    """Findings of one kind: their number and the first SHOWN of them."""

    heading: str  # the text after the number
    place: str = "line"  # what precedes the next line numbers: the file, and "line" or "record"
    count: int = 0
    first: list[tuple[int, str]] = field(default_factory=list)  # line in the file, text
    _places: list[str] = field(default_factory=list)

    def add(self, line: int, text: str, place: str | None = None) -> None:
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append((line, text))
            self._places.append(place or self.place)

    def lines(self) -> Iterator[str]:
        """Yield lines for people; none if there are no findings."""
        if not self.count:
            return
        yield f"{self.count:,} {self.heading}:"
        for place, (line, text) in zip(self._places, self.first, strict=True):
            yield f"  {place} {line}: {text}"
        if self.count > len(self.first):
            yield f"  and {self.count - len(self.first):,} more"


class Findings:
    """All findings about the rows of some files. `on_refusal` is called with each refused record."""

    def __init__(self, on_refusal: Callable[[Refusal], object] = lambda refusal: None) -> None:
        self._on_refusal = on_refusal
        self.unit = "line"  # or "record": what the numbers count
        self.reasons: Counter[Reason] = Counter()
        self.refused = Kind("refused")
        self.left_empty = Kind("imported with an empty or shorter cell, because its content can't be stored")
        self.wrong_isbns = Kind("imported without the ISBN, because it is not one")
        self.taken = Kind("identifiers left out, because another book has them")
        self.repeated = Kind("left out, because another row is the same book")
        self.wrong_digits = Kind("imported with a wrong check digit, as in the file")
        self.no_subjects = Kind("subjects left out; their books are imported")

    @property
    def kinds(self) -> tuple[Kind, ...]:
        return (
            self.refused,
            self.left_empty,
            self.wrong_isbns,
            self.taken,
            self.repeated,
            self.wrong_digits,
            self.no_subjects,
        )

    def begin(self, place: str) -> None:
        """Set the place of the following findings: "line", "record", or "second.csv, line"."""
        self.unit = place.rpartition(" ")[2]
        for kind in self.kinds:
            kind.place = place

    def refuse(self, refusal: Refusal) -> None:
        self.reasons[refusal.reason] += 1
        self.refused.add(refusal.line, refusal.detail)
        self._on_refusal(refusal)

    def lines(self) -> Iterator[str]:
        reasons = ", ".join(f"{reason}: {count:,}" for reason, count in self.reasons.most_common())
        self.refused.heading = f"refused ({reasons}); the rest is imported"
        for kind in self.kinds:
            yield from kind.lines()


@dataclass(frozen=True)
class Outcome:
    """What an import did to the catalogue. The numbers add up: every row that was read is in one of five groups."""

    added: int
    changed: int
    left_alone: int
    findings: Findings
    only_tried: bool = False  # a dry run, which was rolled back

    @property
    def read(self) -> int:
        return self.added + self.changed + self.left_alone + self.findings.repeated.count + self.findings.refused.count

    def lines(self) -> Iterator[str]:
        """Yield lines for people."""
        repeated = self.findings.repeated.count
        yield (
            f"{self.read:,} rows read: {self.added:,} added, {self.changed:,} changed, {self.left_alone:,} left alone, "
            f"{self.findings.refused.count:,} refused{f', {repeated:,} repeated' if repeated else ''}."
        )
        yield from self.findings.lines()
        if self.only_tried:
            yield "This was a dry run: the catalogue is unchanged."

    def numbers(self) -> dict[str, object]:
        """Return the numbers for programs."""
        return {
            "read": self.read,
            "added": self.added,
            "changed": self.changed,
            "left_alone": self.left_alone,
            "refused": self.findings.refused.count,
            "refused_by_reason": {str(reason): count for reason, count in self.findings.reasons.items()},
            "repeated": self.findings.repeated.count,
            "left_empty": self.findings.left_empty.count,
            "wrong_check_digits": self.findings.wrong_digits.count,
            "subjects_left_out": self.findings.no_subjects.count,
            "wrong_isbns": self.findings.wrong_isbns.count,
            "identifiers_taken": self.findings.taken.count,
            "dry_run": self.only_tried,
        }

"""What is remembered of texts that come again."""

from flyleaf.series.remembered import LONGEST, MOST, remembered


def test_only_short_texts_are_remembered() -> None:
    """A file of cells of megabytes must not fill the memory."""
    asked: list[str] = []

    @remembered
    def length(text: str) -> int:
        asked.append(text)
        return len(text)

    short, long = "a" * LONGEST, "a" * (LONGEST + 1)
    assert [length(text) for text in (short, short, long, long)] == [LONGEST, LONGEST, LONGEST + 1, LONGEST + 1]
    assert asked == [short, long, long]


def test_so_many_texts_are_remembered() -> None:
    asked: list[str] = []
    note = remembered(asked.append)
    for number in (*range(MOST + 1), 0):
        note(str(number))
    assert len(asked) == MOST + 2  # the first one was forgotten

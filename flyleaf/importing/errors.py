"""The error for a file that can't be imported at all."""


class UnusableFileError(ValueError):
    """The file can't be imported. The message follows the file's name on one line: the place, what is wrong there, and
    what to do."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(f"line {line}: {problem}" if line is not None else problem)

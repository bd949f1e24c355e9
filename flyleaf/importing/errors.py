"""What is raised where a file can't be imported at all."""


class UnusableFileError(ValueError):
    """The file can't be imported. The text is the end of a line that begins with its name: the place, what is wrong
    there, and what to do."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(f"line {line}: {problem}" if line is not None else problem)

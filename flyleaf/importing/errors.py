"""The errors for a file that can't be imported at all."""


class UnusableFileError(ValueError):
    """The file can't be imported. The message follows the file's name on one line: the place, what is wrong there, and
    what to do.

    `problem` names the places of `values`, as in "it has more than %(most)s rows", so that a page can say it in the
    reader's language. It is translated if it is written where this error is raised (scripts/translations.py).
    """

    def __init__(self, problem: str, line: int | None = None, /, **values: int | str) -> None:
        self.problem = problem
        self.line = line
        self.values = values
        shown = {name: f"{value:,}" if isinstance(value, int) else value for name, value in values.items()}
        said = problem % shown if shown else problem
        super().__init__(f"line {line}: {said}" if line is not None else said)


class UnusablePathError(UnusableFileError):
    """What an operator has named can't be read or written. No reader meets it, so it is in English only."""


class EmptyFileError(UnusableFileError):
    """There is nothing in the file. A reader is told so in other words than an operator."""


class UnknownColumnsError(UnusableFileError):
    """The header doesn't name the columns of books. A reader is told so in other words than an operator."""

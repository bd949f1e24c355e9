"""What the embedded server reports to the person who started the site."""


class EmbeddedServerError(RuntimeError):
    """One line that says what is wrong and what to do about it."""

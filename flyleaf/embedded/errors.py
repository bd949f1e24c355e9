"""The error of the embedded server."""


class EmbeddedServerError(RuntimeError):
    """The embedded server can't be used. The message is one line: what is wrong and what to do."""

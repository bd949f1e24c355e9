"""The embedded server: a private PostgreSQL that the site and its commands start, share and stop automatically.

Programs use `client`. `keeper` is the process that supervises PostgreSQL, `server` is one running PostgreSQL, `folder`
knows the paths and locks, `cluster` creates a database, `upgrade` moves it to a newer PostgreSQL, `binaries` finds
PostgreSQL's programs and `account` is the account that runs them.
This package uses only the standard library and nothing else of Flyleaf.
"""

from flyleaf.embedded.client import Attachment, attach
from flyleaf.embedded.errors import EmbeddedServerError

__all__ = ["Attachment", "EmbeddedServerError", "attach"]

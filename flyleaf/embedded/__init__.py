"""The embedded server: a private PostgreSQL that the site and its commands start, share and stop by themselves.

`client` is what programs use, `keeper` the process that watches over PostgreSQL, `server` one running PostgreSQL,
`folder` where things lie, `cluster` how a database is made, `upgrade` how it gets to a newer PostgreSQL, `binaries`
where PostgreSQL's programs are and `account` who runs them.
Only the standard library is used here, and nothing of the rest of Flyleaf.
"""

from flyleaf.embedded.client import Attachment, attach
from flyleaf.embedded.errors import EmbeddedServerError

__all__ = ["Attachment", "EmbeddedServerError", "attach"]

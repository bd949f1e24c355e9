"""The room of the database: one engine, transactions, the schema's migrations. It knows SQLAlchemy, and no Flask."""

from flyleaf.database.engine import Database
from flyleaf.database.errors import DatabaseAbsentError, DatabaseUnusableError, is_unavailable

__all__ = ["Database", "DatabaseAbsentError", "DatabaseUnusableError", "is_unavailable"]

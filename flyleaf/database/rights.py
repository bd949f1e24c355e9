"""The rights of the role that pages run as: it reads and writes rows, but neither owns nor changes tables.

The owner migrates, builds the search, imports, and runs the commands. Pages run as another role in the embedded server,
and where DATABASE_OWNER_URL is set. What that role lacks, or has too much of, is found by one query at each start.
"""

from sqlalchemy import Connection, Engine, text

from flyleaf.database.migrate import use_operators_path
from flyleaf.search.schema import schema_name, take_time

# What pages do with a table; with any other they SELECT, INSERT, UPDATE and DELETE.
EXCEPTIONS = {
    "alembic_version": ("SELECT",),
}
ROWS = ("SELECT", "INSERT", "UPDATE", "DELETE")
TABLES = (*ROWS, "TRUNCATE", "REFERENCES", "TRIGGER")

ROLE_EXISTS = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :role)"

# Statements, of which there are none where all is as it should be. The search's tables of this version are written by
# functions that run as their owner; those of another version, which may still be in use, by whoever writes a review.
STATEMENTS = """
WITH home AS (
    SELECT relnamespace AS oid FROM pg_class WHERE oid = to_regclass('alembic_version')
), schemas AS (
    SELECT oid, nspname AS name, CASE nspname WHEN :search THEN CAST(ARRAY['SELECT'] AS text[]) ELSE :rows END AS wanted
      FROM pg_namespace
     WHERE nspname ~ '^search_[0-9a-f]{12}$' AND pg_has_role(nspowner, 'USAGE')
), tables AS (
    SELECT class.oid, schemas.wanted
      FROM pg_class AS class
      JOIN schemas ON schemas.oid = relnamespace
     WHERE relkind IN ('r', 'v')
     UNION ALL
    SELECT class.oid, CASE WHEN exceptions.name IS NULL THEN :rows ELSE string_to_array(exceptions.privileges, ' ') END
      FROM pg_class AS class
      JOIN home ON home.oid = relnamespace
      LEFT JOIN unnest(CAST(:names AS text[]), CAST(:privileges AS text[])) AS exceptions (name, privileges)
                ON exceptions.name = relname
     WHERE relkind = 'r' AND pg_has_role(relowner, 'USAGE')
)
SELECT format('GRANT USAGE ON SCHEMA %I TO %I', nspname, :role)
  FROM pg_namespace
 WHERE oid IN (SELECT oid FROM home UNION ALL SELECT oid FROM schemas)
   AND NOT has_schema_privilege(:role, oid, 'USAGE')
 UNION ALL
SELECT format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT %s ON TABLES TO %I',
              name, array_to_string(wanted, ', '), :role)
  FROM schemas
 WHERE NOT EXISTS (SELECT FROM pg_default_acl AS acl, aclexplode(defaclacl) AS item
                    WHERE defaclnamespace = schemas.oid AND grantee = CAST(:role AS regrole))
 UNION ALL
SELECT format('GRANT %s ON %s TO %I', privilege, CAST(oid AS regclass), :role)
  FROM tables, unnest(wanted) AS privilege
 WHERE NOT has_table_privilege(:role, oid, privilege)
 UNION ALL
SELECT format('REVOKE %s ON %s FROM PUBLIC, %I', privilege, CAST(oid AS regclass), :role)
  FROM tables, unnest(CAST(:all AS text[])) AS privilege
 WHERE privilege <> ALL (wanted) AND has_table_privilege(:role, oid, privilege)
 UNION ALL
SELECT format('REVOKE CREATE ON SCHEMA %s FROM PUBLIC, %I', CAST(oid AS regnamespace), :role)
  FROM home
 WHERE has_schema_privilege(:role, oid, 'CREATE')
 UNION ALL
SELECT format('REVOKE CREATE, TEMPORARY ON DATABASE %I FROM PUBLIC, %I', current_database(), :role)
 WHERE has_database_privilege(:role, current_database(), 'CREATE, TEMPORARY')
"""


def exists(engine: Engine, role: str) -> bool:
    """Return whether the server knows the role."""
    with engine.begin() as connection:
        return bool(connection.execute(text(ROLE_EXISTS), {"role": role}).scalar())


def grant(connection: Connection, role: str) -> None:
    """Give the role the rights that pages need, and take the others from it. The connection is the owner's."""
    if not _statements(connection, role):
        return
    take_time(connection)  # of several processes at once, one does it
    for statement in _statements(connection, role):
        connection.exec_driver_sql(statement)


def _statements(connection: Connection, role: str) -> list[str]:
    use_operators_path(connection)
    values = {
        "role": role, "search": schema_name(), "rows": list(ROWS), "all": list(TABLES), "names": list(EXCEPTIONS),
        "privileges": [" ".join(privileges) for privileges in EXCEPTIONS.values()],
    }  # fmt: skip
    return list(connection.scalars(text(STATEMENTS), values))

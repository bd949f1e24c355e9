"""Logins to names that nobody has. Anybody can make any number of them, so they are counted, and not listed."""

from sqlalchemy import Connection, text


def insert_failed_login(connection: Connection, address_group: int) -> None:
    """Count a login to a name that nobody has. `address_group`, from 0 to 255, stands for many addresses."""
    connection.execute(
        text("""
            INSERT INTO failed_logins AS f (hour, address_group)
            VALUES (date_trunc('hour', now(), 'UTC'), :address_group)
            ON CONFLICT (hour, address_group) DO UPDATE SET attempts = f.attempts + 1
        """),
        {"address_group": address_group},
    )


def fold_failed_logins(connection: Connection) -> bool:
    """Turn the oldest hour that is over into one event. Return False if there is none."""
    folded = connection.execute(
        text("""
            WITH over AS (
                DELETE FROM failed_logins
                 WHERE hour = (SELECT min(hour) FROM failed_logins)
                   AND hour < date_trunc('hour', now(), 'UTC')
                RETURNING hour, attempts
            )
            INSERT INTO events (kind, detail)
            SELECT 'login-failed', jsonb_build_object('hour', hour, 'attempts', sum(attempts),
                                                      'address_groups', count(*))
              FROM over
             GROUP BY hour
            RETURNING id
        """)
    ).one_or_none()
    return folded is not None

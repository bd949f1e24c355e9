"""The room of backups: the database's primary rows and the secret key in one file, and back.

    archive.py   the file: its parts, its checksum, how it is written, checked and read; knows no database
    tables.py    which tables a backup holds, and how their rows leave the database and come back
    output.py    the new file on the disk
    saving.py    database -> file, of one moment, while the site runs
    restoring.py file -> empty database, all or nothing
    command.py   `python -m flyleaf backup` and `restore`

What can be made again stays out: the search, sessions, limits. tables.py says why for each table.
"""

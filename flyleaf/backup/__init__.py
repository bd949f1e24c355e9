"""Write and restore backups: the database's primary rows and the secret key in one file.

    archive.py   the file format: parts and checksum; writes, checks and reads it, without any database
    tables.py    which tables a backup has, and how their rows are copied out and in
    output.py    creates the new file
    saving.py    database -> file, as one snapshot while the site runs
    restoring.py file -> empty database, all or nothing
    command.py   `python -m flyleaf backup` and `restore`

Data that can be recreated is left out: the search index, sessions, limits. tables.py gives the reason for each table.
"""

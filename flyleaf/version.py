"""The version of this Flyleaf; pyproject.toml has the same one."""

VERSION = "0.1.0"

"""The settings, and what is said about those that can't be used."""

import dataclasses
import os
import re
import stat
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from flyleaf.config import PROJECT, Config, ConfigError
from flyleaf.setting_values import is_local
from tests.fixture_types import Together

KEY = "sixteen letters!"
VARIABLES = {
    "DATABASE_URL", "FLYLEAF_DATA", "HOST", "PORT", "SECRET_KEY", "SESSION_TYPE", "REDIS_URL", "HTTPS", "TRUSTED_HOSTS",
}  # fmt: skip


def read(**environ: str) -> Config:
    return Config.from_environment(environ)


def test_without_settings_there_is_a_site_for_this_machine_alone() -> None:
    config = read()
    assert config == Config()
    assert config.data == PROJECT / "instance"
    assert config.database_url is None
    assert (config.host, config.port) == ("127.0.0.1", 5000)
    assert config.secret_key is None
    assert config.session_type == "filesystem"
    assert config.https is False
    assert config.open_library_contact is None


def test_an_empty_setting_is_none() -> None:
    """As docker and systemd hand over what is not filled in."""
    source = (PROJECT / "flyleaf" / "config.py").read_text()
    names = set(re.findall(r'(?:environ\.get\(|environ, )"([A-Z_]+)"', source))
    assert names >= VARIABLES
    assert read(**dict.fromkeys(names, "")) == Config()


SETTINGS: list[tuple[str, str, str, object]] = [
    ("FLYLEAF_DATA", "/srv/flyleaf", "data", Path("/srv/flyleaf")),
    ("FLYLEAF_DATA", "here", "data", Path.cwd() / "here"),
    ("FLYLEAF_DATA", "~/flyleaf", "data", Path.home() / "flyleaf"),
    ("REPLICA_LAG_SECONDS", "60", "replica_lag_seconds", 60),
    ("PG_BINDIR", "/usr/lib/postgresql/16/bin", "pg_bindir", Path("/usr/lib/postgresql/16/bin")),
    ("HOST", "0.0.0.0", "host", "0.0.0.0"),
    ("PORT", "1", "port", 1),
    ("PORT", "65535", "port", 65535),
    ("SCRIPT_NAME", "/books", "script_name", "/books"),
    ("SCRIPT_NAME", "a/b-c/", "script_name", "/a/b-c"),
    ("SCRIPT_NAME", "/", "script_name", ""),
    ("STATIC_URL", "https://cdn.example/flyleaf/", "static_url", "https://cdn.example/flyleaf"),
    ("STATIC_URL", "http://localhost:8080", "static_url", "http://localhost:8080"),
    ("WORKERS", "4", "workers", 4),
    ("SECRET_KEY", KEY, "secret_key", KEY),
    ("SESSION_TYPE", "filesystem", "session_type", "filesystem"),
    ("REDIS_URL", "redis://host:6379/0", "redis_url", "redis://host:6379/0"),
    ("HTTPS", "1", "https", True),
    ("HTTPS", "0", "https", False),
    ("TRUSTED_HOSTS", "books.example", "trusted_hosts", ("books.example",)),
    ("TRUSTED_HOSTS", " a.example, b.example ,,", "trusted_hosts", ("a.example", "b.example")),
    ("TRUSTED_PROXIES", "1", "trusted_proxies", 1),
    ("REGISTRATION", "invitation", "registration", "invitation"),
    ("REGISTRATIONS_PER_HOUR", "10", "registrations_per_hour", 10),
    ("MODERATORS_NEED_SECOND_FACTOR", "1", "moderators_need_second_factor", True),
    ("PROPOSALS", "off", "proposals", False),
    ("HALF_STARS", "on", "half_stars", True),
    ("READERS_ADD_BOOKS", "yes", "readers_add_books", "yes"),
    ("SEARCHES_PER_MINUTE", "1", "searches_per_minute", 1),
    ("API_REQUESTS_PER_MINUTE", "999999", "api_requests_per_minute", 999_999),
    ("ROUTINE_EVENT_DAYS", "1", "routine_event_days", 1),
    ("EVENT_DAYS", "36500", "event_days", 36_500),
    ("CONTACT", "help@books.example", "contact", "help@books.example"),
    ("CONTACT", "mailto:josé+x@books.example", "contact", "josé+x@books.example"),
    ("CONTACT", "https://books.example/help?q=a", "contact", "https://books.example/help?q=a"),
    ("LOG_FORMAT", "text", "log_format", "text"),
    ("LOG_FORMAT", "json", "log_format", "json"),
    ("METRICS_TOKEN", "sixteen-letters!", "metrics_token", "sixteen-letters!"),
    ("PROMETHEUS_MULTIPROC_DIR", "/var/lib/numbers", "metrics_folder", Path("/var/lib/numbers")),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318", "traces", True),
    ("OPEN_LIBRARY_CONTACT", "me@books.example", "open_library_contact", "me@books.example"),
    ("OPEN_LIBRARY_URL", "https://mirror.example/", "open_library_url", "https://mirror.example"),
    ("OPEN_LIBRARY_COVERS_URL", "http://localhost:8080", "open_library_covers_url", "http://localhost:8080"),
    ("COVERS", "off", "covers", False),
]


@pytest.mark.parametrize(("name", "text", "field", "value"), SETTINGS)
def test_a_setting_is_read(name: str, text: str, field: str, value: object) -> None:
    assert getattr(read(**{name: text}), field) == value


def test_each_field_has_a_setting_that_changes_it() -> None:
    """No field without a setting; the list above is complete."""
    tried = {field for _, _, field, _ in SETTINGS}
    apart = {"database_url", "passed_socket", "oidc_issuer", "oidc_client_id", "oidc_client_secret", "oidc_name"}
    assert tried | apart | {"password_login", "database_owner_url", "database_read_urls"} == {
        field.name for field in dataclasses.fields(Config)
    }


def test_a_site_over_https_takes_no_files_over_http() -> None:
    with pytest.raises(ConfigError, match="STATIC_URL starts with http://"):
        read(STATIC_URL="http://cdn.example", HTTPS="1")


def test_replicas_are_separated_by_commas() -> None:
    primary, first, second = (f"postgresql://site:a,b@db{number}/books" for number in range(3))
    config = read(DATABASE_URL=primary, DATABASE_READ_URL=f" {first}, {second.replace('postgresql', 'postgres')} ,")
    assert config.database_read_urls == ("postgresql+psycopg2://site:a,b@db1/books",
                                         "postgresql+psycopg2://site:a,b@db2/books")  # fmt: skip
    for wrong, what in (
        (f"{first},{primary}", "DATABASE_READ_URL is also DATABASE_URL"),
        (f"{first},{first}", "DATABASE_READ_URL has the same address twice"),
        ("postgresql://db1/books,postgresql://alice@DB1:5432/books", "DATABASE_READ_URL has the same address twice"),
        ("postgresql://localhost/a,postgres://127.0.0.1/a", "DATABASE_READ_URL has the same address twice"),
        ("postgresql://[::1]:5432/a,postgres://localhost/a", "DATABASE_READ_URL has the same address twice"),
        ("postgresql://alice@DB0:5432/books", "DATABASE_READ_URL is also DATABASE_URL"),
        ("mysql://db/books", "DATABASE_READ_URL starts with mysql://"),
        ("db1", "DATABASE_READ_URL starts with no scheme"),
    ):
        with pytest.raises(ConfigError, match=what):
            read(DATABASE_URL=primary, DATABASE_READ_URL=wrong)


def test_addresses_that_run_together_are_refused_without_their_passwords() -> None:
    """The second address was taken for the database's name, and logged, and a label of /metrics."""
    primary, first, second = (f"postgresql://site:tops3cret@db{number}/books" for number in range(3))
    for between in (" ", ";", "\n"):
        with pytest.raises(ConfigError, match="put a comma between two addresses") as refusal:
            read(DATABASE_URL=primary, DATABASE_READ_URL=f"{first}{between}{second}")
        assert "tops3cret" not in str(refusal.value)
    with pytest.raises(ConfigError, match="DATABASE_READ_URL starts with POSTGRESQL://"):
        read(DATABASE_URL=primary, DATABASE_READ_URL=f"{first},{second.replace('postgresql', 'POSTGRESQL')}")
    for settings in ({"DATABASE_URL": f"{first},{second}"},
                     {"DATABASE_URL": "postgresql://db/books postgresql://db/books"},
                     {"DATABASE_URL": primary, "DATABASE_OWNER_URL": f"{first} {second}"}):  # fmt: skip
        with pytest.raises(ConfigError, match="an address within another: write a single one") as refusal:
            read(**settings)
        assert "tops3cret" not in str(refusal.value)
    with pytest.raises(ConfigError, match="DATABASE_URL starts with no scheme"):
        read(DATABASE_URL="site:tops3cret@db/books postgresql://db/books")
    assert read(DATABASE_URL="postgresql://site:a://b@db/books").database_url is not None


def test_a_socket_is_taken_by_the_process_that_it_is_for() -> None:
    assert read(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1").passed_socket == 3
    assert read(LISTEN_PID=str(os.getppid()), LISTEN_FDS="1").passed_socket is None
    with pytest.raises(ConfigError, match=r"LISTEN_FDS is '2': pass one socket\."):
        read(LISTEN_PID=str(os.getpid()), LISTEN_FDS="2")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_every_way_to_write_a_database_is_understood(scheme: str) -> None:
    config = read(DATABASE_URL=f"{scheme}://alice:p%40ss@db.example:5433/books?sslmode=require")
    assert config.database_url == "postgresql+psycopg2://alice:p%40ss@db.example:5433/books?sslmode=require"


def test_an_owner_of_the_tables_needs_another_role_for_pages() -> None:
    site, owner = "postgresql+psycopg2://site@db/books", "postgresql+psycopg2://alice@db/books"
    config = read(DATABASE_URL="postgresql://site@db/books", DATABASE_OWNER_URL="postgres://alice@db/books")
    assert (config.database_url, config.database_owner_url) == (site, owner)
    with pytest.raises(ConfigError, match="DATABASE_OWNER_URL is set: set DATABASE_URL, too"):
        read(DATABASE_URL="postgresql://db/books", DATABASE_OWNER_URL=owner)
    with pytest.raises(ConfigError, match="DATABASE_OWNER_URL starts with mysql://"):
        read(DATABASE_URL=site, DATABASE_OWNER_URL="mysql://alice@db/books")


@pytest.mark.parametrize(
    "environ",
    [
        {"PORT": "0"},
        {"PORT": "65536"},
        {"PORT": "http"},
        {"SCRIPT_NAME": "https://books.example/"},
        {"SCRIPT_NAME": "/a b"},
        {"STATIC_URL": "cdn.example"},
        {"STATIC_URL": "//cdn.example"},
        {"STATIC_URL": "https://cdn.example/a?b"},
        {"STATIC_URL": "https://cdn.example; script-src *"},
        {"STATIC_URL": "https://user@cdn.example"},
        {"STATIC_URL": "https://cdn.example/../flyleaf"},  # browsers shorten it, but not in the policy
        {"STATIC_URL": "https://cdn.example/flyleaf/."},
        {"STATIC_URL": "https://*"},
        {"STATIC_URL": "https://cdn.example:99999"},
        {"STATIC_URL": "https://cdn.example:0/flyleaf"},
        {"OPEN_LIBRARY_URL": "https://openlibrary.example:99999"},
        {"OPEN_LIBRARY_COVERS_URL": "https://[covers.example"},
        {"OPEN_LIBRARY_COVERS_URL": "covers.example"},
        {"COVERS": "0"},
        {"CONTACT": "https://books.example:99999/"},
        {"CONTACT": "javascript:alert(1)"},
        {"CONTACT": "the librarian"},
        {"CONTACT": "a@b@c"},
        {"CONTACT": "https://user@books.example/"},
        {"CONTACT": "ftp://books.example/"},
        {"CONTACT": 'a"b@books.example'},
        {"CONTACT": "a@books.example\nx"},
        {"LOG_FORMAT": "xml"},
        {"METRICS_TOKEN": "too short"},
        {"METRICS_TOKEN": "a token with spaces in it"},
        {"SCRIPT_NAME": "/a/../b"},
        {"SCRIPT_NAME": "/a?b"},
        {"PORT": "-1"},
        {"PORT": "80.0"},
        {"PORT": "８０"},
        {"PORT": "1_000"},
        {"PORT": " 80"},
        {"PORT": "9" * 10_000},
        {"WORKERS": "0"},
        {"WORKERS": "1000"},
        {"WORKERS": "many"},
        {"SECRET_KEY": "short"},
        {"SESSION_TYPE": "memcached"},
        {"SESSION_TYPE": "FILESYSTEM"},
        {"SESSION_TYPE": "redis"},
        {"HTTPS": "yes"},
        {"HTTPS": "2"},
        {"TRUSTED_PROXIES": "-1"},
        {"TRUSTED_PROXIES": "all"},
        {"REGISTRATION": "closed"},
        {"REGISTRATIONS_PER_HOUR": "0"},
        {"MODERATORS_NEED_SECOND_FACTOR": "on"},
        {"PROPOSALS": "0"},
        {"HALF_STARS": "1"},
        {"READERS_ADD_BOOKS": "on"},
        {"SEARCHES_PER_MINUTE": "0"},
        {"API_REQUESTS_PER_MINUTE": "many"},
        {"ROUTINE_EVENT_DAYS": "0"},
        {"EVENT_DAYS": "36501"},
        {"DATABASE_URL": "mysql://alice@db/books"},
        {"DATABASE_OWNER_URL": "postgresql://alice@db/books"},
        {"DATABASE_READ_URL": "postgresql://alice@db/books"},
        {"REPLICA_LAG_SECONDS": "0"},
        {"REPLICA_LAG_SECONDS": "a few"},
        {"DATABASE_URL": "sqlite:///books.db"},
        {"DATABASE_URL": "db.example/books"},
        {"DATABASE_URL": "postgresql"},
        {"OPEN_LIBRARY_CONTACT": "me and you"},
        {"OPEN_LIBRARY_CONTACT": "a\nb"},
        {"OPEN_LIBRARY_CONTACT": "é@example.org"},
    ],
)
def test_a_setting_that_cannot_be_used_is_reported_in_one_line_that_names_it(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as refusal:
        read(**environ)
    [name] = environ
    message = str(refusal.value)
    assert message.startswith(name)
    assert "\n" not in message
    assert len(message) > len(name) + 20, "it says what to do"


@pytest.mark.parametrize(
    "url",
    [
        "redis://:tops3cret/x@host:6379/0",
        "redis://:tops3cret#x@host:6379/0",
        "redis://:1234/x@host:6379/0",
        "redis://host:tops3cret/0",
        "redis://:tops3cret@[::1/0",
        "redis://host/0 redis://:tops3cret@other/0",
    ],
)
def test_a_redis_that_has_no_such_address_stops_the_start_without_its_password(url: str) -> None:
    """The workers ended with a traceback, again and again, and the doctor showed the password as a port."""
    with pytest.raises(ConfigError, match="REDIS_URL is malformed: write ") as refusal:
        read(SESSION_TYPE="redis", REDIS_URL=url)
    assert "tops3cret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("redis://:tops3cret@host/0?foo=bar", "REDIS_URL has an option"),
        ("redis://:tops3cret@host?socket_timeout=tops3cret", "REDIS_URL has an option"),
        ("redis://:tops3cret@host?db=abc", "REDIS_URL has an option"),
        ("redis://:tops3cret@host/0?ssl_cert_reqs=none", "REDIS_URL has an option"),  # of rediss://
        ("redis://:tops3cret@host/abc", "REDIS_URL names a database that isn't a number"),  # it was number 0
        ("redis://:tops3cret@host/0/1", "REDIS_URL names a database that isn't a number"),  # it was number 1
        ("rediss://:tops3cret@host/-1", "REDIS_URL names a database that isn't a number"),
    ],
)
def test_an_option_or_database_that_redis_does_not_have_stops_the_start(url: str, what: str) -> None:
    """The first was a traceback in each worker, and the second silently another database."""
    with pytest.raises(ConfigError, match=what) as refusal:
        read(SESSION_TYPE="redis", REDIS_URL=url)
    assert "tops3cret" not in str(refusal.value)


@pytest.mark.parametrize(
    "url",
    [
        "redis://host",
        "redis:///0",
        "redis://host/",
        "redis://host/15?health_check_interval=10",
        "rediss://alice:p%2Fss@[::1]:6379/0?ssl_cert_reqs=none",
        "unix:///run/redis?db=1",
    ],
)
def test_every_way_to_write_a_redis_is_understood(url: str) -> None:
    assert read(SESSION_TYPE="redis", REDIS_URL=url).redis_url == url


@pytest.mark.parametrize(
    "url", ["mysql://alice:tops3cret@db/books", "tops3cret", "postgresql:/alice:tops3cret@db/books", "x:tops3cret@db"]
)
def test_the_password_of_a_wrong_address_is_not_repeated(url: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        read(DATABASE_URL=url)
    assert "tops3cret" not in str(refusal.value)


def test_a_short_secret_is_not_repeated() -> None:
    with pytest.raises(ConfigError) as refusal:
        read(SECRET_KEY="tops3cret")
    assert "tops3cret" not in str(refusal.value)


def test_secrets_are_not_shown_with_the_settings() -> None:
    shown = repr(read(SECRET_KEY="tops3cret" * 3, REDIS_URL="redis://:tops3cret@host/0", SESSION_TYPE="redis"))
    assert "tops3cret" not in shown


def test_an_address_that_is_no_redis_is_told_without_its_password() -> None:
    with pytest.raises(ConfigError, match="write redis://host:6379/0") as refusal:
        read(SESSION_TYPE="redis", REDIS_URL="http://:tops3cret@host/0")
    assert "tops3cret" not in str(refusal.value)


def test_the_password_of_the_database_is_not_shown_with_the_settings() -> None:
    assert "tops3cret" not in repr(read(DATABASE_URL="postgresql://alice:tops3cret@db/books"))


@pytest.mark.parametrize(
    ("host", "https"),
    [
        ("127.0.0.1", False),
        ("localhost", False),
        ("::1", False),
        ("[::1]", False),
        ("0.0.0.0", True),
        ("books.example", True),
    ],
)
def test_https_is_expected_wherever_others_can_reach_the_site(host: str, https: bool) -> None:
    assert read(HOST=host).https is https
    assert is_local(host) is not https


def test_settings_cannot_be_changed_later() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        read().port = 80  # type: ignore[misc]


def test_a_key_is_made_once_and_kept_for_this_account_alone(tmp_path: Path) -> None:
    config = Config(data=tmp_path / "new" / "folder")
    key = config.kept_secret_key()
    path = config.data / "secret_key"
    assert len(key) >= 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(config.data.stat().st_mode) == 0o700
    assert config.kept_secret_key() == key
    assert list(config.data.iterdir()) == [path], "no draft stays behind"
    assert Config(data=tmp_path / "other").kept_secret_key() != key


def test_starts_at_the_same_moment_agree_on_one_key(tmp_path: Path, together: Together) -> None:
    for round_ in range(10):
        config = Config(data=tmp_path / str(round_))
        assert len(set(together(*[config.kept_secret_key] * 8))) == 1


def test_a_key_that_is_set_is_taken_and_nothing_is_written(tmp_path: Path) -> None:
    config = Config(data=tmp_path / "none", secret_key=KEY)
    assert config.kept_secret_key() == KEY
    assert not config.data.exists()


def test_a_data_folder_where_nothing_can_be_kept_is_reported_in_one_line(
    tmp_path: Path, subtests: pytest.Subtests
) -> None:
    (tmp_path / "file").touch()
    for config in (Config(data=tmp_path / "file"), Config(data=tmp_path / "file" / "below", secret_key=KEY)):
        with subtests.test(config.data.name):
            with pytest.raises(ConfigError, match=r"FLYLEAF_DATA is .*: set it to a folder") as refusal:
                config.make_data_folder()
            assert "\n" not in str(refusal.value)


def test_a_site_that_keeps_nothing_there_needs_no_data_folder(tmp_path: Path) -> None:
    config = Config(data=tmp_path / "none", secret_key=KEY, session_type="redis", redis_url="redis://host")
    config.make_data_folder()
    assert not config.data.exists()


@pytest.mark.parametrize("kept", ["", "short", "\n"])
def test_a_damaged_key_is_reported_in_one_line(tmp_path: Path, kept: str) -> None:
    (tmp_path / "secret_key").write_text(kept)
    with pytest.raises(ConfigError, match="secret_key") as refusal:
        Config(data=tmp_path).kept_secret_key()
    assert "\n" not in str(refusal.value)


def test_the_environment_is_read_when_it_is_asked_for() -> None:
    program = "from flyleaf.config import Config; print(Config.from_environment().port)"
    run = partial(
        subprocess.run, [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=PROJECT
    )
    assert run(env={"PORT": "8080"}).stdout == "8080\n"


PROVIDER = {"OIDC_ISSUER": "https://login.example", "OIDC_CLIENT_ID": "flyleaf", "OIDC_CLIENT_SECRET": "secret"}


def test_a_login_provider_has_three_settings() -> None:
    config = read(**PROVIDER, PASSWORD_LOGIN="0")
    assert (config.oidc_issuer, config.oidc_name, config.password_login) == (
        "https://login.example",
        "login.example",
        False,
    )
    assert read(**PROVIDER, OIDC_NAME="City Library").oidc_name == "City Library"
    assert read(**PROVIDER | {"OIDC_ISSUER": "http://localhost:8080/realms/town"}).oidc_name == "localhost"
    assert "secret" not in repr(config)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"OIDC_ISSUER": "https://login.example"}, "OIDC_CLIENT_ID and OIDC_CLIENT_SECRET must be set, too"),
        ({"OIDC_CLIENT_ID": "flyleaf", "OIDC_CLIENT_SECRET": "secret"}, "OIDC_ISSUER must be set, too"),
        (PROVIDER | {"OIDC_ISSUER": "https://login.example:99999"}, "OIDC_ISSUER is"),
        (PROVIDER | {"OIDC_ISSUER": "https://[login.example"}, "OIDC_ISSUER is"),
        (PROVIDER | {"OIDC_ISSUER": "http://login.example"}, "OIDC_ISSUER is"),
        (PROVIDER | {"OIDC_ISSUER": "login.example"}, "OIDC_ISSUER is"),
        (PROVIDER | {"OIDC_ISSUER": "https://login.example/?a=b"}, "OIDC_ISSUER is"),
        (PROVIDER | {"OIDC_NAME": "x" * 61}, "OIDC_NAME is"),
        ({"PASSWORD_LOGIN": "0"}, "nobody could log in"),
    ],
)
def test_a_login_provider_that_cannot_work_is_refused(settings: dict[str, str], expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        read(**settings)

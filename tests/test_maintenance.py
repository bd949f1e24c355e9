"""What the site does beside requests starts with the first request, in the process that serves."""

from flyleaf.app import create_app, create_site
from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.web.current import EXTENSION


def test_the_site_starts_it_with_its_first_request(config: Config, database: Database) -> None:
    app = create_site(config, database)
    maintenance = app.extensions[EXTENSION].maintenance
    assert maintenance._thread is None, "a server may fork now"
    app.test_client().get("/healthz")
    thread = maintenance._thread
    assert thread.is_alive()
    app.test_client().get("/healthz")
    assert maintenance._thread is thread
    maintenance.stop()
    assert not thread.is_alive()


def test_a_command_does_not_start_it(config: Config, database: Database) -> None:
    app = create_app(config, database)
    app.test_client().get("/healthz")
    assert app.extensions[EXTENSION].maintenance._thread is None

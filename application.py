"""The site: a WSGI application for any server (`application:app`), and a program that runs it with everything."""

import sys

if __name__ == "__main__":
    from flyleaf.serving import run

    sys.exit(run())
elif __name__ != "__mp_main__":  # the name that a worker of the above, which makes its own, may import this under
    from flyleaf.app import create_site
    from flyleaf.config import ConfigError
    from flyleaf.database import DatabaseUnusableError

    try:
        app = create_site()
    except (ConfigError, DatabaseUnusableError) as error:
        sys.exit(str(error))

"""What the site stores about people: docs/privacy.md in plain words, for the settings of this site."""

from datetime import timedelta
from urllib.parse import urlsplit

from flask import Blueprint, render_template

from flyleaf.queries.uploads import KEPT
from flyleaf.web.current import flyleaf
from flyleaf.web.forms import TOKEN_LIFETIME

blueprint = Blueprint("privacy", __name__)

DRAFT_HOURS = TOKEN_LIFETIME // 3600
UPLOAD_DAYS = KEPT // timedelta(days=1)


@blueprint.get("/privacy")
def privacy() -> str:
    config = flyleaf().config
    elsewhere = urlsplit(config.static_url).netloc
    return render_template(
        "privacy.html", config=config, elsewhere=elsewhere, draft_hours=DRAFT_HOURS, upload_days=UPLOAD_DAYS
    )

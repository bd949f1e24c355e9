"""Tokens for the API, made as a reader makes them."""

import re

from tests.site import Site


def new_token(reader: Site, scope: str = "read", name: str = "Script", days: str = "7") -> str:
    """A token of this reader, who is logged in, from the page that shows it once."""
    page = reader.submit("/account/tokens", name=name, scope=scope, days=days)
    found = re.search(r'<code id="token">([^<]*)</code>', page.text)
    assert found is not None, page.text
    return found[1]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}

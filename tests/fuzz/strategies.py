"""Requests of every kind to every route: those of the application itself, so that a new route or form is among them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote_from_bytes

from hypothesis import strategies as st
from werkzeug.routing import Map
from wtforms.fields.core import UnboundField

from flyleaf.web.forms import PlainForm
from tests.fuzz.corpus import CORPUS
from tests.site import PASSWORD

TOKEN = b"token-of-the-reader"  # whoever sends it puts the real one in its place
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"
# What every form takes, so that the one that the route has is there.
RIGHT = {
    "csrf_token": TOKEN,
    "username": b"Bob",
    "password": PASSWORD.encode(),
    "confirmation": PASSWORD.encode(),
    "old_password": PASSWORD.encode(),
    "rating": b"4",
    "text": b"Sand, and ||spice||.",
    "reason": b"Spam",
    "reviews": b"keep",
    "q": b"dune",
    "next": b"/search",
}
ADDRESSED = [b"9780441172719", b"9780141439518", b"0441172717", b"1", b"2", b"Alice", b"Frank Herbert"]
NO_TEXT = [b"\xff", b"\xc0\xaf", b"\xe2\x82", b"a\x80b", b"%", b"%zz", b"%ff"]
BODIES = [
    b"",
    b"{",
    b"[" * 5_000,
    b"a=" + b"a" * 300_000,
    b"&" * 2_000,
    b"a=1&" * 3_000,
    b"--x--",
    b"--x\r\n\r\n",
    b"\xff",
]
OUR_METHODS = {"GET", "POST"}
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "FOO", "\xe9"]
KINDS = [
    f"{FORM}; charset=utf-16", "multipart/form-data", "multipart/form-data; boundary=",
    "multipart/form-data; boundary=\xff", "application/json", "text/plain", "text/xml", "", "\xff", "a" * 9_000,
]  # fmt: skip
HEADERS = [
    "Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Authorization", "Connection", "Content-Encoding",
    "Content-Length", "Date", "Expect", "Forwarded", "From", "Host", "If-Match", "If-Modified-Since", "If-None-Match",
    "If-Range", "If-Unmodified-Since", "Max-Forwards", "Origin", "Pragma", "Range", "Referer", "Sec-Fetch-Mode",
    "Sec-Fetch-Site", "TE", "Transfer-Encoding", "Upgrade", "User-Agent", "X-Forwarded-For", "X-Forwarded-Host",
    "X-Forwarded-Proto", "X-Http-Method-Override", "X-Original-Url", "X-Request-Id",
]  # fmt: skip
HEADER_VALUES = [
    "", "*", "gzip, br;q=0", "br;q=x", "identity;q=0, *;q=0", "bytes=0-", "bytes=9-1", "bytes=-1", 'W/"', '"a", *',
    "-1", "0", "99999999999999999999", "9" * 310, "9" * 5_000, "1e400", "\xb2", "bytes=0-" + "9" * 310,
    "es;q=" + "9" * 310, "es;q=1e400", '"' + "9" * 310 + '"',
    "chunked", "Fri, 31 Feb 2026 99:00:00 GMT", "Mon, 01 Jan 99999 00:00:00 GMT",
    "evil.example", "localhost", "localhost:99999", "a b", "[::1", "cross-site", "pt-BR, es;q=0.9", "x" * 40 + ";q=9",
    "en-" * 400, "https", "Bearer x", "Basic /w==", "for=\"[", "100-continue", "a,b," * 800, "x" * 20_000,
]  # fmt: skip
COOKIES = ["session", "csrf", "notice", "language", "theme", "device", "remember_token", "", "$Version"]


@dataclass(frozen=True)
class Sent:
    """A request as the application gets it: the path without its escapes, all else as it came."""

    method: str
    path: bytes
    query: bytes
    kind: str
    body: bytes
    headers: tuple[tuple[str, str], ...]
    cookies: bytes


def field_names() -> list[str]:
    """The names of all fields of all forms, and those that addresses have beside them."""

    def forms(of: type[PlainForm]) -> Iterator[type[PlainForm]]:
        yield of
        for form in of.__subclasses__():
            yield from forms(form)

    names = {name for form in forms(PlainForm) for name in dir(form) if isinstance(getattr(form, name), UnboundField)}
    return sorted(names | {"after", "before", "csrf_token", "narrow", "next", "page"})


def requests(routes: Map) -> st.SearchStrategy[Sent]:
    """Most are nearly right, or else all would end at the first thing that is looked at."""
    rules = sorted(
        {(one.rule, method) for one in routes.iter_rules() for method in (one.methods or set()) & {*OUR_METHODS}}
    )
    values = st.sampled_from([*map(_bytes, CORPUS), *NO_TEXT]) | st.text(max_size=20).map(_bytes)
    pairs = st.lists(st.tuples(st.sampled_from(field_names()), values), max_size=3)
    rare = st.sampled_from([False] * 9 + [True])
    addressed = st.sampled_from(ADDRESSED) | values
    tails = st.sampled_from([b""] * 8 + [b"/", b"/.."])
    headers = st.tuples(
        st.sampled_from(HEADERS),
        st.sampled_from(HEADER_VALUES) | st.text("".join(map(chr, range(32, 256))), max_size=12),
    )
    cookies = st.tuples(st.sampled_from(COOKIES), values).map(lambda pair: _bytes(pair[0]) + b"=" + pair[1])

    @st.composite
    def sent(draw: st.DrawFn) -> Sent:
        rule, method = draw(st.sampled_from(rules))
        if draw(rare):
            method = draw(st.sampled_from(METHODS))
        path = b"/" + draw(st.binary(max_size=12)) if draw(rare) else _path(rule, draw(addressed)) + draw(tails)
        query = draw(st.binary(max_size=20) if draw(rare) else pairs.map(_urlencoded))
        kind, encode = draw(st.sampled_from([(FORM, _urlencoded), (FORM, _urlencoded), (MULTIPART, _multipart)]))
        body = b""
        if method != "GET":
            wrong = draw(pairs)
            right = [(name, value) for name, value in RIGHT.items() if name not in dict(wrong)]
            twice = right[:1] if draw(rare) else []
            body = draw(st.sampled_from(BODIES)) if draw(rare) else encode([*right, *wrong, *twice])
        return Sent(
            method,
            path,
            query,
            draw(st.sampled_from(KINDS)) if draw(rare) else kind,
            body,
            tuple(draw(st.lists(headers, max_size=2))) if draw(rare) else (),
            b"; ".join(draw(st.lists(cookies, max_size=2))) if draw(rare) else b"",
        )

    return sent()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _path(rule: str, value: bytes) -> bytes:
    return re.sub(rb"<[^>]*>", lambda _: value, rule.encode())


def _urlencoded(pairs: list[tuple[str, bytes]]) -> bytes:
    return b"&".join(f"{name}={quote_from_bytes(value)}".encode() for name, value in pairs)


def _multipart(pairs: list[tuple[str, bytes]]) -> bytes:
    parts = (
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n"
        for name, value in pairs
    )
    return b"".join(parts) + b"--x--\r\n"

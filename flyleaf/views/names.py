"""What a reader may be called."""

import re
import unicodedata

from anyascii import anyascii
from flask_babel import gettext
from wtforms import Form
from wtforms.fields import Field
from wtforms.validators import ValidationError

_INVISIBLE = ("Cc", "Cf", "Co", "Cn", "Zl", "Zp")  # Unicode's general categories
_SAYING = ("Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No", "So")  # letters, digits, and pictures such as emoji
# Shown as nothing, though Unicode calls them letters, marks and symbols: fillers, joiners, variation selectors.
_BLANKS = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\U000e0100-\U000e01ef]")

_READ_AS = str.maketrans("013457@$!|l", "oieastasiii")


def visible(form: Form, field: Field) -> None:
    # Cf: zero-width and direction marks, with which one name can be made to look like another; Cc: line breaks, tabs.
    name = field.data or ""
    if _BLANKS.search(name) or any(unicodedata.category(letter) in _INVISIBLE for letter in name):
        raise ValidationError(gettext("There is an invisible character in this name: delete it."))


def addressable(form: Form, field: Field) -> None:
    # The name is a part of the profile's address, where / . and .. mean something else.
    name = field.data or ""
    if "/" in name or not any(unicodedata.category(letter) in _SAYING for letter in name):
        raise ValidationError(gettext("A name has a letter or a digit, and no slash."))


def not_reserved(form: Form, field: Field) -> None:
    """Nobody speaks for the site: the names of those who run it are for no reader."""
    if is_reserved(field.data or ""):
        raise ValidationError(gettext("This name is kept for those who run the site. Choose another."))


def is_reserved(name: str) -> bool:
    """Also where it is written in other letters, with digits for letters, or with marks between: Аdm1n, a.d.m.i.n"""
    return _likeness(name) in _RESERVED


def _likeness(name: str) -> str:
    letters = anyascii(unicodedata.normalize("NFKC", name)).lower().translate(_READ_AS)
    return re.sub("[^a-z0-9]", "", letters)


_RESERVED = frozenset(
    map(
        _likeness,
        """
        abuse account accounts admin administration administrator admins anonymous api bot contact deleted everybody
        everyone flyleaf guest healthz help hostmaster info legal login logout me mod moderation moderator moderators
        mods nobody none noreply null official operator operators owner password postmaster privacy readyz register root
        search security settings site staff static superuser support sysadmin system team undefined unknown webmaster
        www
        """.split(),
    )
)

"""Rules for usernames.

Names follow Unicode's rules for identifiers, UTS 39, as far as names of people do. Each word is Highly Restrictive: of
one script, or of Latin with those that Chinese, Japanese and Korean are written in. Allowed are the recommended scripts
and those of limited use (UAX 31, tables 5 and 7), not historic ones. Digits are of one decimal system. Outside ASCII a
name has letters, marks, digits and the punctuation that names need; no emoji, no symbols.
"""

import re
import unicodedata

import regex
from anyascii import anyascii
from flask_babel import gettext, lazy_gettext
from wtforms import Form
from wtforms.fields import Field
from wtforms.validators import InputRequired, Length, ValidationError

from flyleaf.limits import USERNAME_MAX
from flyleaf.web.forms import no_control_characters

_INVISIBLE = ("Cc", "Cf", "Co", "Cn", "Zl", "Zp")  # Unicode's general categories
_SAYING = ("Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No")  # letters and digits
# Invisible, though Unicode calls them letters, marks and symbols: fillers, joiners, variation selectors.
_BLANKS = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# Tags and entities of HTML, templates, and the link markup of forums and wikis.
_MARKUP = re.compile(r"[<>{}\[\]`]|&#|&\w+;")
# ASCII, letters, marks, digits; apostrophes, hyphens and dots from UAX 31's table 3 and their like.
_ALLOWED = regex.compile(r"[\x20-\x7E\p{L}\p{M}\p{Nd}’‘ʼ·‧‐‑–・＝՚֊׳״་،]*")
# Joiners where UAX 31 (A1, A2, B) lets them be, because they are seen: they part letters of Arabic that would join, as
# in علی‌رضا, and make the conjuncts of Indic scripts, as in ශ්‍රී.
_JOINERS = regex.compile(
    r"(?<=[^\Wاأإآٱدذرزژڑوؤةىء]\p{Mn}*)(?<=\p{scx=Arabic})\u200c(?=\p{scx=Arabic})"
    r"|(?<=\p{ccc=9})[\u200c\u200d](?=\p{L})"
)
_MARKS_MAX = 4  # on one letter, as UTS 39 5.4 advises

_RECOMMENDED = """
    Arabic Armenian Bengali Bopomofo Cyrillic Devanagari Ethiopic Georgian Greek Gujarati Gurmukhi Han Hangul Hebrew
    Hiragana Kannada Katakana Khmer Lao Latin Malayalam Myanmar Oriya Sinhala Tamil Telugu Thaana Thai Tibetan
"""
_OF_LIMITED_USE = """
    Adlam Balinese Bamum Batak Canadian_Aboriginal Chakma Cham Cherokee Hanifi_Rohingya Javanese Kayah_Li Lepcha Limbu
    Lisu Mandaic Meetei_Mayek Miao Mongolian New_Tai_Lue Newa Nko Nyiakeng_Puachue_Hmong Ol_Chiki Osage Saurashtra
    Sundanese Syloti_Nagri Syriac Tai_Le Tai_Tham Tai_Viet Tifinagh Vai Wancho Yi
"""
_TOGETHER = [
    ("Latin", "Han", "Hiragana", "Katakana"),
    ("Latin", "Han", "Bopomofo"),
    ("Latin", "Han", "Hangul"),
]
_ALONE = [(script,) for script in f"{_RECOMMENDED} {_OF_LIMITED_USE}".split()]
_ONE_SCRIPT = regex.compile(
    "|".join(
        "[" + "".join(rf"\p{{scx={script}}}" for script in (*scripts, "Common", "Inherited")) + "]+"
        for scripts in _ALONE + _TOGETHER
    )
)

_READ_AS = str.maketrans("013457@$!|l", "oieastasiii")


def visible(form: Form, field: Field) -> None:
    """Refuse names with invisible characters or too many accents on a letter."""
    # Cf: zero-width and direction marks, with which one name can be made to look like another; Cc: line breaks, tabs.
    name = _JOINERS.sub("", field.data or "")
    if has_invisible(name):
        raise ValidationError(gettext("This name contains an invisible character. Remove it."))
    if regex.search(rf"\p{{Mn}}{{{_MARKS_MAX + 1}}}|(\p{{Mn}})\1", unicodedata.normalize("NFD", name)):
        raise ValidationError(gettext("A letter in this name has too many accents."))


def addressable(form: Form, field: Field) -> None:
    """Refuse names without a letter or digit, and names that can't be in an address, such as . and .."""
    name = field.data or ""
    if "/" in name or not any(unicodedata.category(letter) in _SAYING for letter in name):
        raise ValidationError(gettext("Names need a letter or digit and can’t contain “/”."))


def without_markup(form: Form, field: Field) -> None:
    """Refuse names that look like HTML, a template or a link's markup, and symbols such as emoji."""
    name = _JOINERS.sub("", field.data or "")
    if _MARKUP.search(name):
        raise ValidationError(
            gettext("Names can’t contain angle brackets, square brackets, braces, backticks or other markup.")
        )
    for letter in name:
        if not _ALLOWED.fullmatch(letter):
            raise ValidationError(gettext("Names can’t contain “%(letter)s”. Use letters and digits.", letter=letter))


def of_one_script(form: Form, field: Field) -> None:
    """Refuse words that mix scripts, and digits of two systems: the p of раypal may be a Cyrillic one."""
    name = _JOINERS.sub("", field.data or "")
    for word in name.split():
        if not _ONE_SCRIPT.fullmatch(word):
            raise ValidationError(
                gettext("“%(word)s” mixes alphabets that look alike. Write each word in one alphabet.", word=word)
            )
    if len({ord(digit) - unicodedata.decimal(digit) for digit in name if digit.isdecimal()}) > 1:
        raise ValidationError(gettext("This name mixes digits from two writing systems. Use one."))


def has_invisible(text: str) -> bool:
    """Return whether the text has invisible characters."""
    return bool(_BLANKS.search(text)) or any(unicodedata.category(letter) in _INVISIBLE for letter in text)


def is_blank(text: str) -> bool:
    """Return whether the text has no visible characters."""
    return all(letter.isspace() or has_invisible(letter) for letter in text)


def not_reserved(form: Form, field: Field) -> None:
    """Refuse names that sound like the site's administrators, so that nobody can speak for it."""
    if is_reserved(field.data or ""):
        raise ValidationError(gettext("This name is reserved. Choose another."))


def is_reserved(name: str) -> bool:
    """Return whether the name is reserved, also in other letters, with digits or marks: Аdm1n, a.d.m.i.n."""
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


USERNAME_RULES = [
    InputRequired(lazy_gettext("Choose a username.")),
    Length(1, USERNAME_MAX, lazy_gettext("Usernames must have 1 to %(most)s characters.", most=USERNAME_MAX)),
    no_control_characters,
    visible,
    addressable,
    without_markup,
    of_one_script,
    not_reserved,
]

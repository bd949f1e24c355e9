"""Detect a file's encoding and decode it, and report the line where that fails."""

import codecs
import re

from flyleaf.importing.errors import EmptyFileError, UnusableFileError

# UTF-32 comes first because its mark starts with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE = ("utf-16", "utf-32")
_CONTROLS = bytes({*range(0x20), 0x7F} - set(b"\t\n\f\r"))
_TEXT_TO_CONTROLS = 12  # compressed data has one control character in nine bytes; programs and images have more
# In Windows-1252 an accented letter before a closing quote or dash (SPAß“) is also valid UTF-8. With any other
# following byte, or after Â and Ã, with which UTF-8 starts all Western European letters, it is UTF-8.
_NEXT = rb"[\x80-\xbf]"
_TELLING = rb"(?![\x85\x8b\x91-\x97\x99\x9b\xa0\xab\xad\xae\xb4\xb7\xbb])" + _NEXT  # not … ‹ ‘’“”•–— ™ › « ® ´ · »
_IN_UTF8 = re.compile(
    rb"[\xc2-\xf4](?:(?<=[\xc2\xc3])%(next)b|(?<=[\xc4-\xdf])%(telling)b"
    rb"|(?<=[\xe0-\xf4])(?:%(telling)b%(next)b|%(next)b%(telling)b))" % {b"next": _NEXT, b"telling": _TELLING}
)
_IN_UTF8_LENGTH = 3  # bytes; three of a four-byte letter are enough
UNDECIDED_MAX = 16 << 20  # bytes examined to distinguish damaged UTF-8 from Windows-1252
_FIRST_LETTERS = 32  # at the start of a file, where the headers are ASCII


def _as_latin1(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


# Five bytes are undefined in Windows-1252 and are decoded as Latin-1, as in browsers.
codecs.register_error("flyleaf.latin-1", _as_latin1)


class Decoder:
    """Decodes a file block by block.

    Without a byte order mark, and with no encoding given, a file in which every second byte is NUL at the start is
    UTF-16; any other is UTF-8. If a byte is not UTF-8, there are two cases. If the file has UTF-8 letters before it, or
    within the next UNDECIDED_MAX bytes, the byte is damaged: it becomes a lone surrogate (U+DC80 to U+DCFF), and the
    cells' rules decide what to do. Otherwise the file is Windows-1252, like most files that are called Latin-1.
    """

    def __init__(self, head: bytes, encoding: str | None, remarks: list[str]) -> None:
        """`head` is the beginning of the file. Sentences for the operator are added to `remarks`."""
        self.mark, known = next(
            ((len(mark), name) for mark, name in _MARKS if head.startswith(mark)), (0, encoding or _utf16(head))
        )
        _refuse_binary(head[self.mark :], known)
        self.lines = 0  # decoded line ends
        self._encoding = known or "utf-8"
        self._decoder = codecs.getincrementaldecoder(self._encoding)()
        self._may_be_windows = known is None
        self._held = ""  # a CR that may be followed by an LF
        self._undecided = b""  # the data from the first byte that is not UTF-8, until the encoding is clear
        self.is_damaged = False  # some bytes were decoded to lone surrogates
        self._line = 0  # the line of that byte
        self._is_windows = False
        self._not_utf8: UnusableFileError | None = None  # the error, in case it is not Windows-1252 after all
        self._tail = b""  # the end of the last block, which may start a UTF-8 letter
        self._remarks = remarks

    def decode(self, block: bytes, final: bool = False) -> str:
        """Return the decoded text of the block, without an incomplete letter or CR LF at its end.

        The text is empty while the encoding is not clear yet. Raises UnusableFileError.
        """
        self._refuse_utf8(block)
        if self._undecided:
            text = self._decide(self._undecided + block, final)
        else:
            try:
                text = self._decoder.decode(block, final)
            except UnicodeDecodeError as error:
                text = self._decode_rest(error, final)
        self._may_be_windows = self._may_be_windows and text.isascii()
        text = self._held + text
        self._held = "" if final or not text.endswith("\r") else "\r"
        text = text.removesuffix(self._held)
        self.lines += _count_lines(text)
        return text

    def _decode_rest(self, error: UnicodeDecodeError, final: bool) -> str:
        """Decode the rest after an error, if the encoding is clear. Raises UnusableFileError if the file violates the
        encoding given by its byte order mark or format."""
        before = error.object[: error.start].decode(self._encoding)
        line = self.lines + _count_lines(self._held + before) + 1
        byte = f"0x{error.object[error.start]:02x}"
        if self._encoding != "utf-8":
            raise UnusableFileError(
                "byte %(byte)s is not %(encoding)s: save the file as CSV (UTF-8).",
                line,
                byte=byte,
                encoding=self._encoding.upper(),
            ) from error
        self._not_utf8 = UnusableFileError(
            "byte %(byte)s is not UTF-8, and the rest is not Windows-1252: fix this line and save the file as CSV "
            "(UTF-8).",
            line,
            byte=byte,
        )
        self._line = line
        if self._may_be_windows and before.isascii():
            return before + self._decide(error.object[error.start :], final)
        return before + self._decode_damaged(error.object[error.start :], final)

    def _decide(self, rest: bytes, final: bool) -> str:
        """Decode `rest`, or keep it until the encoding is clear, so that UTF-8 is never decoded as Windows-1252."""
        new = rest[max(0, len(self._undecided) - _IN_UTF8_LENGTH + 1) :]
        if _IN_UTF8.search(new):
            return self._decode_damaged(rest, final)
        if not final and len(rest) <= UNDECIDED_MAX:
            self._undecided = rest
            return ""
        self._remarks.append(f"Line {self._line} is not UTF-8: the file is read as Windows-1252 (Latin-1).")
        self._undecided = b""
        self._is_windows = True
        self._tail = rest[1 - _IN_UTF8_LENGTH :]
        self._decoder = codecs.getincrementaldecoder("cp1252")("flyleaf.latin-1")
        return self._decoder.decode(rest, final)

    def _decode_damaged(self, rest: bytes, final: bool) -> str:
        self._remarks.append(
            f"Line {self._line} contains a byte that is not UTF-8: the text there is damaged. The rest is read."
        )
        self._undecided = b""
        self.is_damaged = True
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        return self._decoder.decode(rest, final)

    def _refuse_utf8(self, block: bytes) -> None:
        """Raise UnusableFileError if UTF-8 letters follow after much was decoded as Windows-1252."""
        if self._is_windows and self._not_utf8:
            block = self._tail + block
            if _IN_UTF8.search(block):
                raise self._not_utf8
            self._tail = block[1 - _IN_UTF8_LENGTH :]


def _utf16(head: bytes) -> str | None:
    """Return the byte order if it is UTF-16 without a mark, which shows in its ASCII headers, or None."""
    start = head[: 2 * _FIRST_LETTERS]
    for encoding, letters, nuls in (("utf-16-le", start[::2], start[1::2]), ("utf-16-be", start[1::2], start[::2])):
        if letters and nuls and all(letters) and not any(nuls):
            return encoding
    return None


def _refuse_binary(head: bytes, encoding: str | None) -> None:
    if not head.strip():
        raise EmptyFileError("it is empty: the first line must name the columns isbn, title, author and year.")
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if controls * _TEXT_TO_CONTROLS > len(head) and not (encoding or "").startswith(_WIDE):
        raise UnusableFileError("it is not text but binary data: save it as CSV (UTF-8).")


def _count_lines(text: str) -> int:
    lines = text.count("\n")
    return lines + text.count("\r") - text.count("\r\n") if "\r" in text else lines

"""Find the catalogue in a ZIP archive."""

import zipfile

from flyleaf.importing.cleaning.cells import shown
from flyleaf.importing.errors import UnusableFileError
from flyleaf.importing.reading.packed_file import PackedFile

SIGNS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # zipfile can't unpack the others in bounded memory
OWN_HISTORY = "reading-history.csv"  # in this site's own export of all that is a reader's, beside other files
_SUFFIXES = (".csv", ".txt", ".tsv", ".mrc", ".xml", ".json", ".gz")


def open_member(file: PackedFile) -> zipfile.ZipExtFile:
    """Open the member that contains the catalogue; `file` counts its bytes from now on. Raises UnusableFileError, and
    zipfile's errors for a broken archive."""
    archive = zipfile.ZipFile(file)
    member = _only_table(archive.infolist())
    stream = archive.open(member)
    file.count_anew(member.compress_size)
    return stream  # type: ignore[return-value]


def _only_table(members: list[zipfile.ZipInfo]) -> zipfile.ZipInfo:
    """Return the member that contains the catalogue."""
    names = {member.filename for member in members}
    if names & {"[Content_Types].xml", "mimetype"}:
        raise UnusableFileError("it is a spreadsheet or another document: save it as CSV (UTF-8).")
    files = [member for member in members if not _is_accessory(member)]
    tables = [member for member in files if member.filename.lower().endswith(_SUFFIXES)]
    own = [member for member in tables if member.filename == OWN_HISTORY]
    candidates = own or (tables if len(files) > 1 else files)
    if not files:
        raise UnusableFileError("it is a ZIP archive of no file: unpack it and import the catalogue file.")
    if len(candidates) != 1:
        raise UnusableFileError(
            "it is a ZIP archive of several files (%(files)s): unpack it and import the catalogue file.",
            files=", ".join(shown(member.filename) for member in (tables or files)[:10]),
        )
    [member] = candidates
    if member.flag_bits & 1:
        raise UnusableFileError("it is encrypted: unpack it with its password first.")
    if member.compress_type not in _METHODS:
        raise UnusableFileError("it is a ZIP archive packed in an unusual way: unpack it first.")
    return member


def _is_accessory(member: zipfile.ZipInfo) -> bool:
    """Return whether it is a folder or a file that macOS adds."""
    parts = member.filename.split("/")
    return member.is_dir() or parts[0] == "__MACOSX" or parts[-1] == ".DS_Store"

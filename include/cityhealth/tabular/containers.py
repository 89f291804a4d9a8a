"""What Office documents come in: a zip archive, or an OLE container (old, or encrypted)."""

from __future__ import annotations

import io

import msoffcrypto
from xlrd.compdoc import CompDoc

from cityhealth.tabular.refusals import refuse

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
# Excel encrypts with this password where a person only protected a workbook's structure.
_NO_PASSWORD = "VelvetSweatshop"
_STREAMS = ("Workbook", "Book", "EncryptedPackage", "WordDocument")


def ole_streams(data: bytes, filename: str) -> set[str]:
    """Which of the streams that say what a document is are in an OLE container; UnreadableFile ``damaged``."""
    try:
        container = CompDoc(data, logfile=io.StringIO())
        return {name for name in _STREAMS if container.get_named_stream(name) is not None}
    # xlrd's container parser walks tables of the file and fails on damaged ones in many ways.
    except Exception as error:
        raise refuse("damaged", filename) from error


def without_protection(data: bytes, filename: str) -> bytes:
    """The bytes themselves if not encrypted, or decrypted with the password that is none; ``encrypted`` otherwise."""
    try:
        office = msoffcrypto.OfficeFile(io.BytesIO(data))
        if not office.is_encrypted():
            return data
    # Damaged, or older than msoffcrypto knows (Excel 5.0): the reader of .xls will judge it.
    except Exception:
        return data
    plain = io.BytesIO()
    try:
        office.load_key(password=_NO_PASSWORD, verify_password=True)
        office.decrypt(plain)
    # Whatever goes wrong here, the file cannot be opened without its password.
    except Exception as error:
        raise refuse("encrypted", filename) from error
    return plain.getvalue()

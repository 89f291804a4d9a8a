"""The few parts of a .docx that hold text, taken out of a zip archive that is not trusted.

Pictures, embedded workbooks and fonts are never unpacked: a document of 30 MB costs what its text costs.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
from collections.abc import Mapping
from xml.sax.saxutils import quoteattr

from cityhealth.tabular.containers import OLE, ZIP, ole_streams, without_protection
from cityhealth.tabular.limits import MEGABYTE, Limits
from cityhealth.tabular.package import Package
from cityhealth.tabular.refusals import refuse

#: The text of a thousand pages is 20 MB of XML; a tree of it takes ten times as much memory.
DOCUMENT_LIMITS = Limits(unpacked_bytes=64 * MEGABYTE, cells=500_000)

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_KEPT = {"styles": f"{_WORD}.styles+xml", "header": f"{_WORD}.header+xml"}
_OTHER_DOCUMENTS = {b"%PDF": "PDF", b"{\\rtf": "RTF 文档", b"<html": "网页", b"<?xml": "XML 文档"}


def is_word(data: bytes, filename: str) -> bool:
    """Whether the content is a Word document of any age, encrypted ones only where their name says so."""
    if data.startswith(ZIP):
        # Workbooks and presentations keep their main part elsewhere.
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                names = archive.namelist()
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
            return filename.lower().endswith((".docx", ".docm"))
        return any(name.replace("\\", "/").casefold().startswith("word/") for name in names)
    if data.startswith(OLE):
        streams = ole_streams(data, filename)
        named = filename.lower().endswith((".docx", ".docm", ".doc"))
        return "WordDocument" in streams or ("EncryptedPackage" in streams and named)
    return data.startswith(b"{\\rtf")


def main_parts(data: bytes, filename: str, limits: Limits = DOCUMENT_LIMITS) -> bytes:
    """A small .docx with the document's text, styles and page headers alone, safe to hand to a library.

    Raises:
        UnreadableFile: ``damaged``, ``encrypted``, ``zip_bomb``, ``unsafe_xml``, ``file_too_large``, ``old_word``,
            ``not_a_document``.
    """
    if len(data) > limits.file_bytes:
        raise refuse("file_too_large", filename)
    if data.startswith(OLE):
        if "WordDocument" in ole_streams(data, filename):
            raise refuse("old_word", filename)
        data = without_protection(data, filename)
    for start, name in _OTHER_DOCUMENTS.items():
        if data.startswith(start):
            raise refuse("not_a_document", filename, name)
    if not data.startswith(ZIP):
        raise refuse("not_a_document", filename)
    package = Package(data, filename, limits, lambda name: name.casefold().endswith((".xml", ".rels")))
    main = next((part for kind, part in package.relations("").values() if kind == "officeDocument"), None)
    if main is None or main not in package or not main.casefold().startswith("word/"):
        raise refuse("not_a_document", filename)
    kept = {
        identifier: (kind, part)
        for identifier, (kind, part) in package.relations(main).items()
        if kind in _KEPT and part in package
    }
    parts = {part: package.bytes_of(part) for part in {main, *(part for _, part in kept.values())}}
    for part in parts:
        # Whatever a library's XML parser makes of entities: none gets that far.
        package.parse(part, _Unheard())
    return _packed(main, parts, kept)


class _Unheard:
    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Only that the XML is whole and defines nothing matters."""

    def end(self, name: str) -> None:
        """Nothing is kept."""

    def data(self, text: str) -> None:
        """Nothing is kept."""


def _packed(main: str, parts: Mapping[str, bytes], kept: Mapping[str, tuple[str, str]]) -> bytes:
    types = {main: f"{_WORD}.document.main+xml"} | {part: _KEPT[kind] for kind, part in kept.values()}
    overrides = "".join(f"<Override PartName={quoteattr('/' + p)} ContentType={quoteattr(types[p])}/>" for p in parts)
    content_types = (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>{overrides}</Types>'
    )
    folder, base = posixpath.split(main)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("[Content_Types].xml", content_types)
        archive.writestr("_rels/.rels", _relationships({"rId1": ("officeDocument", main)}))
        archive.writestr(posixpath.join(folder, "_rels", f"{base}.rels"), _relationships(kept))
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def _relationships(found: Mapping[str, tuple[str, str]]) -> str:
    rows = "".join(
        f'<Relationship Id={quoteattr(identifier)} Type="{_OFFICE}/{kind}" Target={quoteattr("/" + part)}/>'
        for identifier, (kind, part) in found.items()
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{rows}</Relationships>'

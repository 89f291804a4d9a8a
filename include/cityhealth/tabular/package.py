"""The zip container of a workbook or document, distrusted: unpacked bytes are counted, XML may define nothing."""

from __future__ import annotations

import io
import posixpath
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol
from xml.parsers import expat

from cityhealth.errors import UnreadableFile
from cityhealth.tabular.limits import Limits
from cityhealth.tabular.refusals import refuse

_CHUNK = 64 * 1024
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, struct.error, NotImplementedError)


class Handler(Protocol):
    """What a part's XML is told to; names come without their namespace prefix."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None: ...
    def end(self, name: str) -> None: ...
    def data(self, text: str) -> None: ...


class Package:
    """A checked zip archive; ``names`` are its parts."""

    def __init__(
        self, data: bytes, filename: str, limits: Limits, needed: Callable[[str], bool] = lambda name: True
    ) -> None:
        """Raises UnreadableFile: ``damaged``, ``zip_bomb``, ``encrypted``.

        Parts that are not ``needed`` (by name) are never unpacked, and may not be asked for.
        """
        self._filename = filename
        self._needed = needed
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except _BROKEN as error:
            raise refuse("damaged", filename) from error
        self.names = self._zip.namelist()
        self._by_folded_name = {name.replace("\\", "/").casefold(): name for name in self.names}
        self._check(len(data), limits)

    def __contains__(self, name: str) -> bool:
        return name.casefold() in self._by_folded_name

    def parse(self, name: str, handler: Handler) -> None:
        """Feed a part's XML to ``handler``; raises UnreadableFile (``damaged``, ``unsafe_xml``)."""
        parser = expat.ParserCreate()
        parser.buffer_text = True

        def start(tag: str, attributes: dict[str, str]) -> None:
            handler.start(tag[tag.find(":") + 1 :], attributes)

        def end(tag: str) -> None:
            handler.end(tag[tag.find(":") + 1 :])

        def refuse_doctype(*_: object) -> None:
            raise refuse("unsafe_xml", self._filename)

        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = handler.data
        # Entities can only be declared in a document type, which no workbook needs.
        parser.StartDoctypeDeclHandler = refuse_doctype
        try:
            for chunk in self._chunks(name):
                parser.Parse(chunk, False)
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise refuse("damaged", self._filename, f"{name} 不是完整的 XML") from error

    def bytes_of(self, name: str) -> bytes:
        """A part as it is; raises UnreadableFile (``damaged``)."""
        return b"".join(self._chunks(name))

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """The parts that ``part`` refers to: id → (last word of the type, name of the part)."""
        folder, base = posixpath.split(part)
        rels = posixpath.join(folder, "_rels", f"{base}.rels")
        handler = _Relations(folder)
        if rels in self:
            self.parse(rels, handler)
        return handler.found

    def _check(self, packed: int, limits: Limits) -> None:
        """Unpack everything once, keeping nothing, so that the sizes in the headers need not be believed."""
        entries = self._zip.infolist()
        if len(entries) > limits.entries:
            raise refuse("zip_bomb", self._filename, f"含 {len(entries)} 个部件")
        if any(entry.flag_bits & 1 for entry in entries):
            raise refuse("encrypted", self._filename)
        unpacked = 0
        for name in filter(self._needed, self.names):
            for chunk in self._chunks(name):
                unpacked += len(chunk)
                beyond_ratio = unpacked > limits.ratio_from and unpacked > limits.ratio * packed
                if unpacked > limits.unpacked_bytes or beyond_ratio:
                    raise refuse("zip_bomb", self._filename)

    def _chunks(self, name: str) -> Iterator[bytes]:
        stored = self._by_folded_name.get(name.replace("\\", "/").casefold())
        if stored is None or not self._needed(stored):
            raise refuse("damaged", self._filename, f"缺少部件 {name}")
        try:
            with self._zip.open(stored) as stream:
                while chunk := stream.read(_CHUNK):
                    yield chunk
        except UnreadableFile:
            raise
        except _BROKEN as error:
            raise refuse("damaged", self._filename) from error


class _Relations:
    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.found: dict[str, tuple[str, str]] = {}

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", self._folder, attributes.get("Target", "")))
            kind = attributes.get("Type", "").rpartition("/")[2]
            self.found[attributes.get("Id", "")] = (kind, target.lstrip("/"))

    def end(self, name: str) -> None:
        """Relationships have no content."""

    def data(self, text: str) -> None:
        """Relationships have no content."""

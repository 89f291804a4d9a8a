"""A small writer of Excel 97 workbooks (.xls): one sheet of texts and numbers; and of their container.

XlsxWriter and openpyxl write only .xlsx, and xlwt is not part of the product. Records after [MS-XLS], the container
after [MS-CFB]; just what Excel, LibreOffice and xlrd need to open the file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence

_SECTOR = 512
_END_OF_CHAIN, _FAT_SECTOR, _FREE = 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
_SMALLEST_STREAM = 4096  # below this size a stream would live in the mini stream, which we do not write
_SECTORS_PER_FAT = _SECTOR // 4

Merged = tuple[int, int, int, int]


def xls_bytes(rows: Sequence[Sequence[float | str | None]], sheet: str, merged: Sequence[Merged] = ()) -> bytes:
    """The workbook of one ``sheet``; ``merged`` as (first row, first column, last row, last column) from 0.

    Raises ValueError for more than 65,536 rows, 256 columns or 255 characters in a cell: the format holds no more.
    """
    width = max((len(row) for row in rows), default=0)
    if len(rows) > 65_536 or width > 256:
        raise ValueError("an .xls sheet has at most 65,536 rows and 256 columns")
    return compound_file("Workbook", _workbook(rows, width, sheet, merged))


def _workbook(rows: Sequence[Sequence[float | str | None]], width: int, sheet: str, merged: Sequence[Merged]) -> bytes:
    head = b"".join(
        (
            _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6)),  # BOF, globals
            _record(0x0042, struct.pack("<H", 0x04B0)),  # CODEPAGE: UTF-16
            _record(0x003D, struct.pack("<HHHHHHHHH", 0, 0, 0x4000, 0x2000, 0x0038, 0, 0, 1, 600)),  # WINDOW1
            *(_record(0x0031, _font()) for _ in range(4)),
            *(_record(0x00E0, _cell_format(style=number < 15)) for number in range(16)),
            _record(0x0293, struct.pack("<HBB", 0x8000, 0, 0xFF)),  # STYLE Normal
        )
    )
    name = struct.pack("<BB", len(sheet), 1) + sheet.encode("utf-16-le")
    end = _record(0x000A, b"")
    bound_length = 4 + 6 + len(name)
    start_of_sheet = len(head) + bound_length + len(end)
    bound = _record(0x0085, struct.pack("<IH", start_of_sheet, 0) + name)
    body = [
        _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6)),  # BOF, worksheet
        _record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0)),  # DIMENSIONS
        *_cells(rows),
        _record(0x023E, struct.pack("<HHHIHHI", 0x06B6, 0, 0, 64, 0, 0, 0)),  # WINDOW2
    ]
    if merged:
        ranges = (struct.pack("<HHHH", top, bottom, left, right) for top, left, bottom, right in merged)
        body.append(_record(0x00E5, struct.pack("<H", len(merged)) + b"".join(ranges)))
    return head + bound + end + b"".join(body) + end


def _cells(rows: Sequence[Sequence[float | str | None]]) -> Iterator[bytes]:
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            place = struct.pack("<HHH", row, column, 15)
            if isinstance(cell, str):
                if len(cell) > 255:
                    raise ValueError("a LABEL record has at most 255 characters")
                text = cell.encode("utf-16-le")
                yield _record(0x0204, place + struct.pack("<HB", len(text) // 2, 1) + text)  # LABEL
            elif cell is not None:
                yield _record(0x0203, place + struct.pack("<d", cell))  # NUMBER


def _font() -> bytes:
    name = "宋体"
    return struct.pack("<HHHHHBBBBBB", 220, 0, 0x7FFF, 400, 0, 0, 0, 134, 0, len(name), 1) + name.encode("utf-16-le")


def _cell_format(style: bool) -> bytes:
    """XF: font 0, format General, no borders; Excel expects fifteen style formats before the first cell format."""
    return struct.pack("<HHHBBBBIIH", 0, 0, 0xFFF5 if style else 0x0001, 0x20, 0, 0, 0, 0, 0, 0x20C0)


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def compound_file(name: str, stream: bytes) -> bytes:
    """A file of [MS-CFB] with one stream: header, stream, directory, allocation table."""
    stream = stream.ljust(_SMALLEST_STREAM, b"\0")
    stream_sectors = -(-len(stream) // _SECTOR)
    fat_sectors = 1
    while stream_sectors + 1 + fat_sectors > fat_sectors * _SECTORS_PER_FAT:
        fat_sectors += 1
    directory_at, fat_at = stream_sectors, stream_sectors + 1
    fat = [*_chain(0, stream_sectors), _END_OF_CHAIN, *[_FAT_SECTOR] * fat_sectors]
    fat += [_FREE] * (fat_sectors * _SECTORS_PER_FAT - len(fat))
    return b"".join(
        (
            _header(fat_at, fat_sectors, directory_at),
            stream.ljust(stream_sectors * _SECTOR, b"\0"),
            _entry("Root Entry", 5, 1, _END_OF_CHAIN, 0),
            _entry(name, 2, _FREE, 0, len(stream)),
            _entry("", 0, _FREE, 0, 0) * 2,
            struct.pack(f"<{len(fat)}I", *fat),
        )
    )


def _chain(first: int, length: int) -> Iterable[int]:
    return [*range(first + 1, first + length), _END_OF_CHAIN]


def _header(fat_at: int, fat_sectors: int, directory_at: int) -> bytes:
    if fat_sectors > 109:
        raise ValueError("the table is too large for this small writer")
    places = [fat_at + number for number in range(fat_sectors)] + [_FREE] * (109 - fat_sectors)
    return (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + bytes(16)
        + struct.pack("<HHHHH", 0x003E, 0x0003, 0xFFFE, 9, 6)
        + bytes(6)
        + struct.pack("<IIIII", 0, fat_sectors, directory_at, 0, _SMALLEST_STREAM)
        + struct.pack("<IIII", _END_OF_CHAIN, 0, _END_OF_CHAIN, 0)
        + struct.pack("<109I", *places)
    )


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    raw = name.encode("utf-16-le") + b"\0\0" if name else b""
    return (
        raw.ljust(64, b"\0")
        + struct.pack("<HBB", len(raw), kind, 1)
        + struct.pack("<III", _FREE, _FREE, child)
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )

"""How much of a file we are willing to unpack; each limit is far above what a department sends."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes; ``ratio`` is unpacked over packed and counts only once ``ratio_from`` is reached.

    Deflate reaches a ratio of 1032 at most, real workbooks 5 to 40.
    """

    file_bytes: int = 100 * MEGABYTE
    unpacked_bytes: int = 512 * MEGABYTE
    ratio: int = 200
    ratio_from: int = 16 * MEGABYTE
    entries: int = 2_000
    sheets: int = 256
    cells: int = 5_000_000
    merged_ranges: int = 50_000
    cell_characters: int = 1_000_000


DEFAULT_LIMITS = Limits()

"""A part as its provider wrote it, Parquet or CSV: its columns, and its rows batch by batch."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from cityhealth.errors import Place, UnreadableFile

#: Rows that are in memory at a time.
BATCH_ROWS = 262_144

_PARQUET = b"PAR1"
# Read at a time of each column, and of a CSV; what is decoded at a time follows from BATCH_ROWS.
_BUFFER_BYTES = 1 << 20
_CSV_BLOCK_BYTES = 8 << 20
_SNIFFED_BYTES = 1 << 20
_BROKEN = (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError, UnicodeDecodeError)


@dataclass
class PartFile:
    """``schema`` as the file has it (every column of a CSV is text); ``lines_lost``, once read: lines of a CSV that
    have more or fewer values than its header."""

    path: Path
    place: Place
    schema: pa.Schema
    format: str
    encoding: str = "utf8"
    delimiter: str = ","
    lines_lost: int = 0

    def batches(self, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The rows, of at most ``BATCH_ROWS`` each, with columns ``names``; encoded texts are decoded.

        Raises:
            UnreadableFile: ``damaged``, also after some batches.
        """
        with _reading(self.place):
            source = self._parquet(names) if self.format == "parquet" else self._csv(names)
        while True:
            with _reading(self.place):
                batch = next(source, None)
            if batch is None:
                return
            for start in range(0, batch.num_rows, BATCH_ROWS):
                yield _decoded(batch.slice(start, BATCH_ROWS))

    def _parquet(self, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        # Buffered, a column chunk of gigabytes is read piece by piece; by default it would be in memory whole.
        with pq.ParquetFile(self.path, buffer_size=_BUFFER_BYTES, pre_buffer=False) as file:
            yield from file.iter_batches(batch_size=BATCH_ROWS, columns=list(names))

    def _csv(self, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        def lose(row: pacsv.InvalidRow) -> str:
            self.lines_lost += 1
            return "skip"

        with pacsv.open_csv(
            self.path,
            read_options=pacsv.ReadOptions(block_size=_CSV_BLOCK_BYTES, encoding=self.encoding),
            parse_options=pacsv.ParseOptions(delimiter=self.delimiter, invalid_row_handler=lose),
            convert_options=pacsv.ConvertOptions(
                include_columns=list(names), column_types=dict.fromkeys(names, pa.string())
            ),
        ) as reader:
            yield from reader


def open_part(path: Path, place: Place) -> PartFile:
    """A part by its first bytes: Parquet, else a CSV (UTF-8 or GB 18030; comma, semicolon or tab) by its name.

    Raises:
        UnreadableFile: ``empty``, ``truncated`` (a Parquet file without its end), ``damaged`` or ``not_a_part``.
    """
    size = path.stat().st_size
    if not size:
        raise UnreadableFile("empty", "文件是空的", place)
    with path.open("rb") as file:
        head = file.read(_SNIFFED_BYTES)
        file.seek(max(0, size - len(_PARQUET)))
        tail = file.read()
    if head.startswith(_PARQUET):
        if tail != _PARQUET or size < 12:
            raise UnreadableFile("truncated", "Parquet 文件不完整：末尾的目录缺失，可能没有写完或没有传完", place)
        with _reading(place), pq.ParquetFile(path) as parquet:
            return PartFile(path, place, parquet.schema_arrow, "parquet")
    if not place.file.casefold().endswith((".csv", ".txt", ".tsv")):
        raise UnreadableFile("not_a_part", "既不是 Parquet 文件，也不是 CSV 文件（.csv）", place)
    encoding = "utf8" if _is_utf8(head) else "gb18030"
    # Only the header: whether the rest can be decoded is seen when it is read.
    header = head.split(b"\n", 1)[0].decode(encoding, errors="replace").removeprefix("\ufeff").rstrip("\r")
    if "\x00" in header:
        raise UnreadableFile("not_a_part", "不是文本文件", place)
    delimiter = max(",;\t", key=header.count)
    names = [name.strip('"') for name in header.split(delimiter)]
    return PartFile(path, place, pa.schema([(name, pa.string()) for name in names]), "csv", encoding, delimiter)


def _is_utf8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


@contextmanager
def _reading(place: Place) -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        raise UnreadableFile("damaged", "文件已损坏，不能读取", place) from error


def _decoded(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = [_plain(column) for column in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _plain(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    # Some kernels know no string views.
    return column.cast(pa.string()) if pa.types.is_string_view(column.type) else column

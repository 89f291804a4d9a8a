"""Files into one zip that has the same bytes each time, with SHA256SUMS, and that is there whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import shutil
import uuid
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import fsspec

SUMS = "SHA256SUMS"
_EPOCH = (1980, 1, 1, 0, 0, 0)

#: A file of a package: its bytes, or where to take them from for a moment.
Content = bytes | Callable[[], AbstractContextManager[Path]]


@dataclass(frozen=True)
class Packed:
    """A zip on this machine, and what is in it besides the checksums."""

    path: Path
    sha256: str
    size_bytes: int
    file_count: int


@contextmanager
def packed(files: Mapping[str, Content]) -> Iterator[Packed]:
    """A zip of the files in the order of their names, for as long as the context is open; nothing of its time or place
    is in it. Files that are taken from elsewhere are not held in memory."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "package.zip"
        sums = {}
        with zipfile.ZipFile(path, "w") as archive:
            for name in sorted(files):
                sums[name] = _add(archive, name, files[name])
            listed = "".join(f"{digest}  {name}\n" for name, digest in sums.items())
            _add(archive, SUMS, listed.encode())
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        yield Packed(path, digest, path.stat().st_size, len(sums))


def _add(archive: zipfile.ZipFile, name: str, content: Content) -> str:
    entry = zipfile.ZipInfo(name, _EPOCH)
    # The same on every system: ZipInfo takes it from the one at hand.
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    digest = sha256()
    with archive.open(entry, "w", force_zip64=not isinstance(content, bytes)) as target:
        if isinstance(content, bytes):
            digest.update(content)
            target.write(content)
        else:
            with content() as path, path.open("rb") as source:
                digest = file_digest(source, "sha256")
                source.seek(0)
                shutil.copyfileobj(source, target)
    return digest.hexdigest()


def deliver_file(url: str, name: str, local: Path, digest: str) -> str:
    """Copy a file below ``url`` (any fsspec path), under another name until it is whole; one that is there stays."""
    path = f"{url.rstrip('/')}/{name}"
    files, bare = fsspec.core.url_to_fs(path)
    if files.exists(bare):
        with files.open(bare, "rb") as there:
            if file_digest(there, "sha256").hexdigest() == digest:
                return path
    files.makedirs(bare.rsplit("/", 1)[0], exist_ok=True)
    temporary = f"{bare}.{uuid.uuid4().hex}.tmp"
    try:
        files.put_file(str(local), temporary)
        files.mv(temporary, bare)
    except BaseException:
        with suppress(OSError):
            files.rm_file(temporary)
        raise
    return path


def csv_bytes(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> bytes:
    """RFC 4180 in UTF-8 without BOM, as data packages have it: nothing is empty, truth is true or false."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_cell(row[column]) for column in columns] for row in rows)
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return value


def json_bytes(document: Mapping[str, Any]) -> bytes:
    """JSON for people and programs: UTF-8, Chinese as it is, one thing per line."""
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()

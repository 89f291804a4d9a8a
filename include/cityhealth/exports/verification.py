"""Whether a package, as a zip or unpacked, is what its checksums say."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO

from cityhealth.exports.packing import SUMS
from cityhealth.exports.selection import ExportError

_Read = Callable[[str], IO[bytes]]


@dataclass(frozen=True)
class Verification:
    """What was found: ``problems`` in Chinese, one line each; none: the package is whole."""

    file_count: int
    problems: tuple[str, ...]


def verify(path: Path) -> Verification:
    """Compare every file of a package with ``SHA256SUMS``; what is missing, changed or added is a problem.

    Raises:
        ExportError: ``path`` is neither a folder nor a zip, or has no checksums.
    """
    with _opened(path) as (names, read):
        if SUMS not in names:
            raise ExportError(f"{path} 中没有 {SUMS}，不是本程序生成的数据包")
        with read(SUMS) as file:
            lines = [line.split("  ", 1) for line in file.read().decode().splitlines() if line]
        stated = {name: digest for digest, name in lines}
        problems = [f"缺少文件：{name}" for name in sorted(stated.keys() - names)]
        problems += [f"多出文件：{name}" for name in sorted(names - stated.keys() - {SUMS})]
        for name in sorted(stated.keys() & names):
            try:
                with read(name) as file:
                    changed = _digest(file) != stated[name]
            except zipfile.BadZipFile:
                changed = True
            if changed:
                problems.append(f"内容与校验和不符：{name}")
    return Verification(len(stated), tuple(problems))


@contextmanager
def _opened(path: Path) -> Iterator[tuple[set[str], _Read]]:
    """The names of all files, and a way to open one."""
    if path.is_dir():
        names = {file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file()}
        yield names, lambda name: (path / name).open("rb")
        return
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise ExportError(f"{path} 不是数据包（zip 或文件夹）：{error}") from error
    with archive:
        listed = [name for name in archive.namelist() if not name.endswith("/")]
        # Of two files of one name a reader may take either: the one that was checked, or the other.
        if twice := sorted({name for name in listed if listed.count(name) > 1}):
            raise ExportError(f"{path} 中有同名的文件：{'、'.join(twice)}")
        yield set(listed), lambda name: archive.open(name)


def _digest(file: IO[bytes]) -> str:
    digest = sha256()
    while part := file.read(1 << 20):
        digest.update(part)
    return digest.hexdigest()

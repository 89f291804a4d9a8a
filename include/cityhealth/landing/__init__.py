"""The landing zone: where the transfer service (or ``cityhealth land``) puts what reached the city office.

On any fsspec path::

    objects/<first two digits>/<sha256>           the bytes, once per content
    arrivals/<feed>/<YYYY-MM-DD>/<arrival_id>.json  one receipt of them, written last

The arrival is written only after its bytes are complete, so a half-written file is never announced; a reader
still compares the sha256, since not every transfer service keeps that order.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from cityhealth.errors import IncompleteTransfer, Place
from cityhealth.hashing import sha256_hex, stable_id
from cityhealth.settings import CITY_TIMEZONE


@dataclass(frozen=True)
class Attachment:
    """A file handed in together with another one, as its evidence (原始数据)."""

    filename: str
    sha256: str


@dataclass(frozen=True)
class Arrival:
    """One receipt of a file. ``received_at`` (with a zone) is when it reached the city office."""

    arrival_id: str
    feed: str
    department_text: str | None
    filename: str
    sha256: str
    size_bytes: int
    received_at: datetime
    attachments: tuple[Attachment, ...] = ()

    @classmethod
    def restored(cls, *facts: Any, attachments: Iterable[Mapping[str, str]]) -> Arrival:
        """An arrival from what was kept of it: the other facts in the order of the fields."""
        return replace(cls(*facts), attachments=tuple(Attachment(**attachment) for attachment in attachments))

    @property
    def day(self) -> date:
        """The arrival day in the city, which is the partition key of an ingest run."""
        return self.received_at.astimezone(CITY_TIMEZONE).date()

    @property
    def place(self) -> Place:
        return Place(self.filename)


def readable_name(name: str) -> str:
    """The name as its sender reads it, where the file system holds bytes that are not UTF-8.

    Such names come from archives packed on Chinese Windows, in GB18030; of any other bytes nothing is lost either,
    they stand as ``\\x..``.
    """
    raw = os.fsencode(name)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        pass
    try:
        return raw.decode("gb18030")
    except UnicodeDecodeError:
        return raw.decode(errors="backslashreplace")


class LandingZone:
    """Objects and arrivals below ``url`` (a local folder, ``s3://…``, ``oss://…``)."""

    def __init__(self, url: str) -> None:
        self._files, self._root = fsspec.core.url_to_fs(url)

    def land(
        self,
        data: bytes,
        *,
        feed: str,
        filename: str,
        received_at: datetime,
        department_text: str | None = None,
        attachments: Sequence[tuple[str, bytes | Path]] = (),
    ) -> Arrival:
        """Keep ``data`` and announce its arrival; doing so twice with the same facts is one arrival.

        An attachment given by its path is copied without being held in memory.

        Raises:
            ValueError: ``received_at`` has no time zone.
        """
        if received_at.tzinfo is None:
            raise ValueError("received_at needs a time zone")
        filename = readable_name(filename)
        sha256 = self._put(data)
        attached = tuple(Attachment(readable_name(name), self._put(content)) for name, content in attachments)
        arrival = Arrival(
            arrival_id=stable_id(
                feed,
                department_text or "",
                filename,
                received_at.astimezone(CITY_TIMEZONE).isoformat(),
                sha256,
                *(part for a in attached for part in (a.filename, a.sha256)),
            ),
            feed=feed,
            department_text=department_text,
            filename=filename,
            sha256=sha256,
            size_bytes=len(data),
            received_at=received_at.astimezone(CITY_TIMEZONE),
            attachments=attached,
        )
        announced = asdict(arrival) | {"received_at": arrival.received_at.isoformat()}
        path = f"{self._root}/arrivals/{feed}/{arrival.day}/{arrival.arrival_id}.json"
        self._write(path, json.dumps(announced, ensure_ascii=False, indent=1).encode())
        return arrival

    def arrivals(
        self, feed: str, first: date | None = None, last: date | None = None, known: Collection[str] = ()
    ) -> list[Arrival]:
        """Arrivals of ``feed`` whose day lies in ``first``…``last`` (inclusive; None = open), oldest first.

        Those whose ``arrival_id`` is in ``known`` are left out unread: of ten years of files, a run asks for a few.
        """
        found = [arrival for day in self._days(feed, first, last) for arrival in self._of_day(feed, day, known)]
        return sorted(found, key=lambda arrival: (arrival.received_at, arrival.arrival_id))

    def read(self, arrival: Arrival) -> bytes:
        """The bytes of an arrival.

        Raises:
            IncompleteTransfer: they are not there, or not (yet) those that the arrival announces.
        """
        path = self._object_path(arrival.sha256)
        try:
            data = self._files.cat_file(path)
        except FileNotFoundError as error:
            raise IncompleteTransfer("文件内容尚未到达", arrival.place) from error
        if sha256_hex(data) != arrival.sha256:
            raise IncompleteTransfer(
                f"文件尚未传完或已损坏：应为 {arrival.size_bytes} 字节，现为 {len(data)} 字节，校验和不符",
                arrival.place,
            )
        return data

    @contextmanager
    def attached(self, attachment: Attachment) -> Iterator[Path]:
        """An attachment as a file on this machine, whole; where the landing zone is elsewhere, a temporary copy.

        Raises:
            IncompleteTransfer: it is not there, or not (yet) the one that was announced.
        """
        place, path = Place(attachment.filename), self._object_path(attachment.sha256)
        with ExitStack() as stack:
            if isinstance(self._files, LocalFileSystem):
                local = Path(path)
            else:
                folder = stack.enter_context(tempfile.TemporaryDirectory())
                local = Path(folder) / attachment.sha256
                with suppress(FileNotFoundError):
                    self._files.get_file(path, str(local))
            if not local.is_file():
                raise IncompleteTransfer("附件内容尚未到达", place)
            with local.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            if found != attachment.sha256:
                raise IncompleteTransfer("附件尚未传完或已损坏，校验和不符", place)
            yield local

    def size(self, sha256: str) -> int | None:
        """How many bytes an object has; None where it is not there."""
        path = self._object_path(sha256)
        return self._files.size(path) if self._files.exists(path) else None

    def _days(self, feed: str, first: date | None, last: date | None) -> Iterator[date]:
        folder = f"{self._root}/arrivals/{feed}"
        if not self._files.exists(folder):
            return
        for path in self._files.ls(folder, detail=False):
            day = date.fromisoformat(path.rstrip("/").rsplit("/", 1)[-1])
            if (first is None or day >= first) and (last is None or day <= last):
                yield day

    def _of_day(self, feed: str, day: date, known: Collection[str]) -> Iterator[Arrival]:
        for path in self._files.glob(f"{self._root}/arrivals/{feed}/{day}/*.json"):
            if path.rsplit("/", 1)[-1].removesuffix(".json") in known:
                continue
            facts = json.loads(self._files.cat_file(path))
            facts["received_at"] = datetime.fromisoformat(facts["received_at"])
            facts["attachments"] = tuple(Attachment(**attachment) for attachment in facts["attachments"])
            yield Arrival(**facts)

    def _put(self, data: bytes | Path) -> str:
        if isinstance(data, Path):
            with data.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            size = data.stat().st_size
        else:
            sha256, size = sha256_hex(data), len(data)
        path = self._object_path(sha256)
        if not self._files.exists(path) or self._files.size(path) != size:
            self._write(path, data)
        return sha256

    def _object_path(self, sha256: str) -> str:
        return f"{self._root}/objects/{sha256[:2]}/{sha256}"

    def _write(self, path: str, data: bytes | Path) -> None:
        # Under another name first: a rename is whole or not at all on a local disk; object stores write whole anyway.
        self._files.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
        temporary = f"{path}.{uuid.uuid4().hex}.tmp"
        if isinstance(data, Path):
            self._files.put_file(str(data), temporary)
        else:
            self._files.pipe_file(temporary, data)
        self._files.mv(temporary, path)

"""The documents of a period: rendered from the marts, put into the outbox, recorded with their sha256."""

from __future__ import annotations

from dataclasses import dataclass

from cityhealth.settings import Settings
from cityhealth.warehouse.connections import Warehouse


@dataclass(frozen=True)
class Document:
    """A document that stands in the outbox; ``kind`` is ``brief`` (.docx) or ``annex`` (.xlsx)."""

    period: str
    edition: int
    kind: str
    path: str
    sha256: str
    size_bytes: int


def publish(warehouse: Warehouse, settings: Settings, key: str) -> list[Document]:
    """Render brief and annex of the period ``key`` (``2021-06-05``), latest successful edition, into the outbox.

    Doing so again leaves files and records as they are, unless something in them changed.
    """
    raise NotImplementedError("the documents are rendered by the commits that follow")

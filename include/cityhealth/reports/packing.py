"""Office documents as bytes that tell nothing about when and in which process they were written."""

from __future__ import annotations

import io
import zipfile

_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def repacked(document: bytes) -> bytes:
    """The same zip with its parts in the order of their names (the list of types first) and one fixed time."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(document)) as source, zipfile.ZipFile(packed, "w") as target:
        for name in sorted(source.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            entry = zipfile.ZipInfo(name, _ZIP_EPOCH)
            # The same on every system: ZipInfo takes it from the one at hand.
            entry.create_system = 3
            target.writestr(entry, source.read(name), zipfile.ZIP_DEFLATED)
    return packed.getvalue()

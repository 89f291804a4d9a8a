"""Files with their manifests, as a department hands them in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath

import yaml

from cityhealth.sample_city.files import LABEL, LABEL_LINE, Expected, MapOddity, SampleFile
from cityhealth.sample_city.scenes import working_time

_LICENCE = "无限制（合成数据）"
_ACCEPTED = Expected("accepted")


@dataclass(frozen=True)
class Sending:
    """Who sends, when (day, and which of that day's files), and what is odd."""

    department: str
    day: date
    number: int
    oddities: tuple[MapOddity, ...] = ()
    expected: Expected = _ACCEPTED

    def layers(self, filename: str, data: bytes, stated: Mapping[str, object] | None) -> SampleFile:
        """A vector file with its manifest, or without one where nothing is stated."""
        manifest = [(f"{PurePosixPath(filename).stem}_说明.yml", manifest_of(stated))] if stated is not None else []
        return self._file("layers", filename, data, manifest)

    def scene(self, filename: str, stated: Mapping[str, object], tiles: Iterable[tuple[str, bytes]]) -> SampleFile:
        """A manifest with its tiles and masks."""
        return self._file("imagery", filename, manifest_of(stated), tiles)

    def _file(self, feed: str, filename: str, data: bytes, attachments: Iterable[tuple[str, bytes]]) -> SampleFile:
        return SampleFile(
            filename=filename,
            data=data,
            feed=feed,
            department_text=self.department,
            received_at=working_time(self.day, self.number),
            attachments=tuple(attachments),
            oddities=frozenset(self.oddities),
            note_zh="；".join(oddity.value for oddity in self.oddities) or LABEL,
            expected=self.expected,
        )


def manifest_of(stated: Mapping[str, object]) -> bytes:
    """A manifest in YAML that says that everything is synthetic."""
    whole = {**stated, "source": LABEL_LINE, "licence": _LICENCE, "synthetic": True}
    return yaml.safe_dump(whole, allow_unicode=True, sort_keys=False).encode()

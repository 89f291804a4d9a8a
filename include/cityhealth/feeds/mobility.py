"""Movement data (移动数据): a manifest, and beside it the parts of partitions, which go to the restricted store."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from cityhealth.errors import Place, UnreadableFile
from cityhealth.feeds.base import raw_rows
from cityhealth.landing import Arrival, Attachment, LandingZone
from cityhealth.settings import Settings

if TYPE_CHECKING:
    from cityhealth.mobility.cells import CellPoints
    from cityhealth.mobility.entry import Box, Entered
    from cityhealth.mobility.manifest import Manifest

_SCHEMA = pa.schema(
    [
        ("line_no", pa.int64()),
        ("filename", pa.string()),
        ("sha256", pa.string()),
        ("size_bytes", pa.int64()),
        ("kind_text", pa.string()),
        ("source_text", pa.string()),
        ("day_text", pa.string()),
        ("row_count", pa.int64()),
        ("columns", pa.string()),
        ("profile", pa.string()),
        ("store_key", pa.string()),
        ("problem_code", pa.string()),
        ("problem_zh", pa.string()),
        ("manifest", pa.string()),
    ]
)
_IN_PATH = re.compile(r"(?:^|/)(feed|date)=([^/]*)(?=/)")
_DATA = (b"PAR1",)
_DATA_ENDINGS = (".parquet", ".csv", ".txt", ".tsv")


@dataclass(frozen=True)
class MobilityFeed:
    """``landing`` holds the parts, ``store`` gets their rows under hashed ids (``salt``, asked when a part is read);
    ``areas_path``: the reference boundaries, which may be missing."""

    landing: LandingZone
    store: Path
    areas_path: Path
    salt: Callable[[], str] = field(repr=False)
    name: str = "mobility"
    raw_table: str = "mobility_part"
    schema: pa.Schema = _SCHEMA

    @classmethod
    def of_installation(cls, settings: Settings) -> MobilityFeed:
        """The feed over the landing zone and the restricted store of an installation."""
        return cls(
            LandingZone(settings.landing_url),
            settings.mobility_dir / "parts",
            settings.areas_path,
            partial(settings.password, "device_salt"),
        )

    def read(self, data: bytes, arrival: Arrival) -> pa.Table:
        """One row per part with its profile, or with the problem for which it cannot be used.

        Raises:
            UnreadableFile: the main file is no manifest, there is no part, or the cells of a matrix cannot be used.
            IncompleteTransfer: an attachment is not there (yet), or changed while it was read.
        """
        # GeoPandas takes a second to import: only who reads movement data pays for it.
        from cityhealth.mobility.manifest import manifest_json, read_manifest

        place = arrival.place
        if data.startswith(_DATA) or arrival.filename.casefold().endswith(_DATA_ENDINGS):
            raise UnreadableFile(
                "part_as_main", "这是数据本身：请以说明文件（.yml）为主文件，数据文件作为附件报送", place
            )
        manifest = read_manifest(data, arrival.filename)
        cells_file = manifest.cells.file if manifest.cells else None
        parts = [attachment for attachment in arrival.attachments if attachment.filename != cells_file]
        if not parts:
            raise UnreadableFile("no_parts", "没有数据文件：请把数据文件作为附件，与说明文件一起报送", place)
        reading = _Reading(self, manifest, self._cells(manifest, arrival), self._bounds())
        rows = reading.rows(parts)
        stated = {"kind_text": manifest.kind, "manifest": manifest_json(manifest)}
        return raw_rows(self.schema, [stated | row for row in rows])

    def _cells(self, manifest: Manifest, arrival: Arrival) -> CellPoints | None:
        from cityhealth.mobility.cells import read_cells

        if manifest.kind != "trip_matrix":
            return None
        if manifest.cells is None:
            raise UnreadableFile("no_cells", "出行矩阵的说明文件须在 cells 中写明网格文件及其编号列", arrival.place)
        file = next((a for a in arrival.attachments if a.filename == manifest.cells.file), None)
        if file is None:
            raise UnreadableFile("no_cells", f"附件中没有说明文件所写的网格文件 {manifest.cells.file}", arrival.place)
        with self.landing.attached(file) as path:
            return read_cells(path.read_bytes(), manifest, file.filename)

    def _bounds(self) -> Box | None:
        from cityhealth.spatial.reference import city_outline, read_areas

        if not self.areas_path.is_file():
            return None
        west, south, east, north = city_outline(read_areas(self.areas_path)).bounds
        return west, south, east, north


@dataclass
class _Reading:
    """The parts of one arrival, one after the other."""

    feed: MobilityFeed
    manifest: Manifest
    cells: CellPoints | None
    bounds: Box | None

    def rows(self, parts: Sequence[Attachment]) -> list[dict[str, object]]:
        first: dict[str, str] = {}
        rows: list[dict[str, object]] = []
        entered: list[tuple[dict[str, object], Entered]] = []
        for number, part in enumerate(parts, start=1):
            row: dict[str, object] = {
                "line_no": number,
                "filename": part.filename,
                "sha256": part.sha256,
                "columns": "{}",
                "profile": "{}",
            }
            try:
                with self.feed.landing.attached(part) as path:
                    row["size_bytes"] = path.stat().st_size
                    day = self._partition(part, row)
                    if part.sha256 in first:
                        said = f"与「{first[part.sha256]}」的内容完全相同"
                        raise UnreadableFile("repeated", said, Place(part.filename))
                    first[part.sha256] = part.filename
                    found = self._enter(part, path, day)
                row |= {
                    "row_count": found.rows,
                    "columns": json.dumps({name: str(of) for name, of in found.types.items()}, ensure_ascii=False),
                    "profile": found.profile.json(),
                    "store_key": found.store_key,
                }
                entered.append((row, found))
            except UnreadableFile as error:
                row |= {"problem_code": error.code, "problem_zh": error.message}
            rows.append(row)
        _mark_drift(entered)
        return rows

    def _partition(self, part: Attachment, row: dict[str, object]) -> date:
        """The day of a part; its provider's feed and day go into the row, also where they cannot be used."""
        place = Place(part.filename)
        in_path: dict[str, str] = dict(_IN_PATH.findall(part.filename.replace("\\", "/")))
        stated = {"feed": self.manifest.feed, "date": self.manifest.date and self.manifest.date.isoformat()}
        row["source_text"] = in_path.get("feed", stated["feed"])
        row["day_text"] = in_path.get("date", stated["date"])
        for name, code, word in (("feed", "feed_contradicts", "数据源"), ("date", "day_contradicts", "日期")):
            if name in in_path and stated[name] and in_path[name] != stated[name]:
                said = f"路径中的{word} {in_path[name]} 与说明文件中的 {stated[name]} 不一致"
                raise UnreadableFile(code, said, place)
        if not row["source_text"]:
            raise UnreadableFile("no_feed", "路径（feed=…/）和说明文件（feed）都没有写明数据源", place)
        if not row["day_text"]:
            raise UnreadableFile("no_day", "路径（date=…/）和说明文件（date）都没有写明日期", place)
        try:
            return date.fromisoformat(str(row["day_text"]))
        except ValueError:
            said = f"路径中的 {row['day_text']} 不是日期，应为 date=2021-06-01 的形式"
            raise UnreadableFile("bad_day", said, place) from None

    def _enter(self, part: Attachment, path: Path, day: date) -> Entered:
        from cityhealth.mobility.entry import enter
        from cityhealth.mobility.schema import SCHEMAS

        place = Place(part.filename)
        kind = self.manifest.kind
        if kind not in SCHEMAS:
            raise UnreadableFile("unknown_kind", f"没有移动数据类别「{kind or ''}」", place)
        feed = self.feed
        return enter(
            path, place, part.sha256, kind, self.manifest, day, feed.salt(), feed.store, self.bounds, self.cells
        )


def _mark_drift(parts: Sequence[tuple[dict[str, object], Entered]]) -> None:
    """Of parts of one partition most have one set of types (of equally many, the first); those that differ from it in a
    column that both have cannot be used. A CSV has no types, and a column more or less is no contradiction."""
    partitions: dict[object, list[tuple[dict[str, object], Entered]]] = {}
    for row, found in parts:
        if found.profile.format != "csv":
            partitions.setdefault((row["source_text"], row["day_text"]), []).append((row, found))
    for own in partitions.values():
        families = [found.families for _, found in own]
        usual = Counter(tuple(sorted(each.items())) for each in families).most_common(1)[0][0]
        _, model = own[[tuple(sorted(each.items())) for each in families].index(usual)]
        for row, found in own:
            said = [
                f"{name} 为 {found.type_of(name)}，其他各份为 {model.type_of(name)}"
                for name, family in model.families.items()
                if found.families.get(name, family) != family
            ]
            if said:
                row |= {
                    "store_key": None,
                    "problem_code": "schema_drift",
                    "problem_zh": f"与同一分区的其他各份类型不一致：{'；'.join(said)}",
                }

"""The polygons of areas: reference boundaries of administrative ones, layers for what the city itself draws."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import geopandas as gpd
import shapely

from cityhealth.catalogue import Area
from cityhealth.measurement.plan import Plan, Source
from cityhealth.spatial.crs import INSIDE
from cityhealth.spatial.reference import read_areas

#: Areas of these levels are drawn by the city: the kind of layer that holds them.
DRAWN = {"built_up": "built_up_area", "cluster": "cluster"}


@dataclass(frozen=True)
class Ground:
    """``areas_path``: the reference boundaries; ``features``: those of a layer, EPSG:4490."""

    areas_path: Path
    features: Callable[[Source], gpd.GeoDataFrame]

    @cached_property
    def sha256(self) -> str:
        """Of the reference boundaries; empty where there are none."""
        if not self.areas_path.is_file():
            return ""
        with self.areas_path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @cached_property
    def _reference(self) -> gpd.GeoSeries:
        if not self.areas_path.is_file():
            return gpd.GeoSeries([], crs=INSIDE)
        return read_areas(self.areas_path).set_index("code").geometry

    @cached_property
    def counties(self) -> gpd.GeoSeries:
        """The reference boundaries of the units that the city is divided into, by code."""
        if not self.areas_path.is_file():
            return gpd.GeoSeries([], crs=INSIDE)
        areas = read_areas(self.areas_path)
        return areas[areas["level"] == "county"].set_index("code").geometry

    def reference(self, code: str) -> shapely.Geometry | None:
        """The reference boundary of an administrative area; None where there is none."""
        return self._reference.get(code)

    def units(self, plan: Plan, areas: Sequence[Area]) -> tuple[gpd.GeoSeries, dict[str | None, str]]:
        """The polygons of ``areas`` as of the plan's year, by code, and for those without one the reason in Chinese."""
        found: dict[str, shapely.Geometry] = {}
        problems: dict[str | None, str] = {}
        for area in areas:
            kind = DRAWN.get(area.level)
            if kind is None:
                shape = self.reference(area.code)
                missing = "区划边界文件中没有这个区域（cityhealth areas build）"
            else:
                source = plan.sources.get(kind)
                shape = None if source is None else self._drawn(source, area)
                missing = f"没有图层「{plan.kind_names.get(kind, kind)}」，或其中没有这个区域"
            if shape is None:
                problems[area.code] = missing
            else:
                found[area.code] = shape
        return gpd.GeoSeries(found, crs=INSIDE), problems

    def _drawn(self, source: Source, area: Area) -> shapely.Geometry | None:
        frame = self.features(source)
        if area.level == "cluster":
            frame = frame[frame["area"] == area.code]
        return None if frame.empty else shapely.union_all(frame.geometry.to_numpy())

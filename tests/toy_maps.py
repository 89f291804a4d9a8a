"""The toy city's layers and scenes as its departments would hand them in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import yaml
from pyproj import Transformer
from shapely.geometry import box

from cityhealth.landing import Arrival, LandingZone
from cityhealth.settings import CITY_TIMEZONE, Settings
from cityhealth.spatial.crs import INSIDE
from made_rasters import write
from toy_city import CITY, METRES


def write_boundaries(settings: Settings) -> None:
    """A city of 12 km by 12 km, of which the eastern half is 140502 and the western 140525."""
    codes = {"140500": CITY, "140502": box(0, -6000, 6000, 6000), "140525": box(-6000, -6000, 0, 6000)}
    frame = gpd.GeoDataFrame(
        {"code": list(codes), "name_zh": list(codes), "level": ["city", "county", "county"], "valid_from": None},
        geometry=gpd.GeoSeries(list(codes.values()), crs=METRES).to_crs(INSIDE),
    )
    settings.areas_path.parent.mkdir(parents=True, exist_ok=True)
    pyogrio.write_dataframe(frame, settings.areas_path, layer="areas", driver="GPKG")


def at(day: int, hour: int = 9) -> datetime:
    return datetime(2021, 5, day, hour, tzinfo=CITY_TIMEZONE)


def land_layer(
    settings: Settings, kind: str, frame: gpd.GeoDataFrame, received: datetime, on: str = "2020-12-31", **stated: Any
) -> Arrival:
    manifest = {"kind": kind, "datum": "cgcs2000", "crs": "EPSG:4490", "date": on, "source": "测试", "licence": "公开"}
    return LandingZone(settings.landing_url).land(
        frame.to_json(show_bbox=False).encode(),
        feed="layers",
        filename=f"{kind}.geojson",
        received_at=received,
        department_text="市住建局",
        attachments=[(f"{kind}.yml", yaml.safe_dump({**manifest, **stated}, allow_unicode=True).encode())],
    )


def land_scene(
    settings: Settings, kind: str, tiles: Mapping[str, Path], received: datetime, on: str = "2020-07-15", **stated: Any
) -> Arrival:
    manifest = {"kind": kind, "datum": "wgs84", "date": on, "source": "某卫星", "licence": "公开", **stated}
    return LandingZone(settings.landing_url).land(
        yaml.safe_dump(manifest, allow_unicode=True).encode(),
        feed="imagery",
        filename=f"{kind}-{on}.yml",
        received_at=received,
        department_text="市自然资源局",
        attachments=list(tiles.items()),
    )


def cover(path: Path, cells: np.ndarray) -> Path:
    """Cells of 100 m over 14 km by 14 km about the middle of the toy city, in UTM zone 49."""
    east, north = Transformer.from_crs(METRES, "EPSG:32649", always_xy=True).transform(0, 0)
    return write(path, cells[np.newaxis], cell=100, west=east - 7000, north=north + 7000)

"""Reference systems: from what people write to a pyproj CRS, and areas and lengths in metres."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS, Transformer
from pyproj.crs import GeographicCRS, ProjectedCRS
from pyproj.crs.coordinate_operation import AlbersEqualAreaConversion, LambertAzimuthalEqualAreaConversion
from pyproj.exceptions import CRSError, ProjError

from cityhealth.errors import CityHealthError
from cityhealth.spatial.datum import shift_geometry

#: CGCS2000 geographic, in which everything is kept.
INSIDE = CRS.from_epsg(4490)

#: The ellipsoid (metres, inverse flattening) of WGS 84, CGCS2000 and GRS 80, which differ by a tenth of a millimetre.
_MODERN = (6378137.0, 298.2572)

Bounds = Sequence[float]


class CrsError(CityHealthError):
    """A reference system that cannot be told, or coordinates that cannot be in the one stated."""


@dataclass(frozen=True)
class _Geodetic:
    """A Chinese datum with its EPSG codes: geographic, and the first of each row of Gauss–Krüger zones.

    ``zones6``/``zones3``: false easting with the zone's number (zones 13–23, 25–45);
    ``meridians6``/``meridians3``: without (central meridians 75–135).
    """

    pattern: re.Pattern[str]
    geographic: int
    zones6: int
    meridians6: int
    zones3: int
    meridians3: int


_GEODETIC = (
    _Geodetic(
        re.compile(
            "CGCS ?2000|国家 ?2000|大地 ?2000|2000 ?(国家|中国)?大地|(GCS )?CHINA GEODETIC COORDINATE SYSTEM 2000"
        ),
        4490,
        4491,
        4502,
        4513,
        4534,
    ),
    _Geodetic(re.compile("西安 ?(19)?80|(19)?80 ?西安|XI'?AN[ _]?(19)?80"), 4610, 2327, 2338, 2349, 2370),
    _Geodetic(re.compile("北京 ?(19)?54|(19)?54 ?北京|BEIJING[ _]?(19)?54"), 4214, 21413, 21453, 2401, 2422),
)
_ALBERS = re.compile("^((CGCS ?2000|WGS ?(19)?84|国家2000|中国|CHINA) ?)*(ALBERS|阿尔伯斯)( ?(CHINA|中国|投影|等积))*$")
_WGS84 = re.compile(r"WGS[ _]?(19)?84")

_WKT = re.compile(r"\s*(GEOG|PROJ|COMPD_|GEOD|GEODETIC|GEOGRAPHIC|BOUND|COMPOUND)(CS|CRS)\s*\[")
_CODE = re.compile(r"(?:URN:OGC:DEF:CRS:)?(?:EPSG[ :]*(?:[\d.]*:)? ?)?(\d{4,6})", re.ASCII)
_CRS84 = re.compile(r"(?:URN:OGC:DEF:CRS:)?OGC:[\d.]*:?CRS84", re.ASCII)
_WIDTH = re.compile(r"([36三六]) ?(?:度|°|-? ?DEGREE)")
_ZONE = re.compile(r"(?<![\d.])(\d{2})(?:度)? ?(?:分?带|号带)|带号?[ :为]*(\d{2})(?!\d)|ZONE ?(\d{2})(?!\d)")
_MERIDIAN = re.compile(r"(?:中央(?:经线|子午线)|CENTRAL MERIDIAN|CM|L0)[ :=为]*(?:东经)?(\d{2,3})(?!\d)")
_UTM = re.compile(r"UTM.*?(\d{1,2}) ?([NS北南])?(?![A-Z\d])")
_NO_PREFIX = re.compile("(不[带加含]|无|没有) ?带号")
_PREFIX = re.compile("[带加含有] ?带号")

_GEOGRAPHIC = re.compile(
    "(?:经纬度|国家|中国|地理|大地|坐标系统?|坐标|基准|GEOGRAPHIC|GCS|LAT ?LON|LON ?LAT|DEGREES|度|[ ,，、()])*"
)

#: No national transformation to CGCS2000 is published for these; a city's own seven parameters are not ours to guess.
_OLD_DATUMS = re.compile(r"xi'?an[ _]?(19)?80|beijing[ _]?(19)?54|new[ _]beijing", re.IGNORECASE)


def parse_crs(text: str) -> CRS:
    """The reference system of an EPSG code, a Chinese or English name, or WKT (OGC or ESRI's ``.prj``).

    ``EPSG:4526``, ``CGCS2000``, ``CGCS2000 3度带 38带`` (false easting 38,500,000), ``CGCS2000 3度带 中央经线114``
    (false easting 500,000), ``西安80 6度带 19带``, ``WGS84 UTM 49N``, ``China Albers``.
    A zone's number means that it stands in the false easting unless the text says 不带带号; a central meridian means
    that it does not unless the text says 加带号.

    Raises:
        CrsError: the text is none of these, or contradicts itself; the message names the text.
    """
    if _WKT.match(text.upper()):
        return _from_wkt(text)
    folded = " ".join(unicodedata.normalize("NFKC", text).upper().replace("_", " ").replace("/", " ").split())
    code = _CODE.fullmatch(folded)
    if code:
        return _from_code(code[1], text)
    if _CRS84.fullmatch(folded):
        return CRS.from_epsg(4326)
    if _ALBERS.search(folded):
        return _china_albers()
    for geodetic in _GEODETIC:
        if geodetic.pattern.search(folded):
            return CRS.from_epsg(_chinese_code(geodetic, geodetic.pattern.sub(" ", folded), text))
    if _WGS84.search(folded):
        return CRS.from_epsg(_wgs84_code(_WGS84.sub(" ", folded), text))
    raise CrsError(f"看不懂坐标系「{_short(text)}」，请写 EPSG 代码（如 EPSG:4490）或名称（如 CGCS2000 3度带 38带）")


def plausible(bounds: Bounds, crs: CRS, city_bounds: Bounds) -> str | None:
    """What is wrong with coordinates that reach over ``bounds`` (minx, miny, maxx, maxy, as handed in), in Chinese.

    ``city_bounds`` are degrees. None where the bounds, taken to be in ``crs``, touch the city's.
    """
    if not np.isfinite(bounds).all():
        return "没有可用的坐标"
    x_min, y_min, x_max, y_max = bounds
    swapped = (y_min, x_min, y_max, x_max)
    degrees = max(abs(x_min), abs(x_max)) <= 180 and max(abs(y_min), abs(y_max)) <= 180
    if crs.is_geographic and not degrees:
        return f"坐标系是经纬度（{crs.name}），坐标 {x_max:.0f}、{y_max:.0f} 却像是米"
    if not crs.is_geographic and degrees:
        return f"坐标系以米为单位（{crs.name}），坐标 {x_max:.4f}、{y_max:.4f} 却像是经纬度"
    if _touch(_in_degrees(bounds, crs), city_bounds):
        return None
    if _touch(_in_degrees(swapped, crs), city_bounds):
        return "坐标轴顺序颠倒：经度与纬度（东与北）互换后才落在本市"
    if not crs.is_geographic:
        prefixed = _false_easting(crs) >= 1_000_000
        if prefixed and x_max < 1_000_000:
            return f"坐标系带有带号（{crs.name}），横坐标 {x_min:.0f} 却没有带号"
        if not prefixed and x_min >= 10_000_000:
            return f"横坐标 {x_min:.0f} 带有带号 {x_min // 1_000_000:.0f}，坐标系（{crs.name}）却不带带号"
    return "坐标不在本市范围内，请检查坐标系和带号"


def area_projection(bounds: Bounds) -> CRS:
    """Lambert's azimuthal equal-area projection of CGCS2000, centred on ``bounds`` (degrees).

    Areas are true everywhere; a length is off by at most (r / 2R)² / 2 at r from the centre: 0.03 % at 300 km,
    0.08 % at 500 km.

    Raises:
        CrsError: the bounds are no degrees (there is nothing to measure, or it is in metres).
    """
    west, south, east, north = bounds
    if not (np.isfinite(bounds).all() and -180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise CrsError(f"无法确定面积投影：范围 {tuple(float(edge) for edge in bounds)} 不是经纬度")
    centre = LambertAzimuthalEqualAreaConversion(
        latitude_natural_origin=float(south + north) / 2, longitude_natural_origin=float(west + east) / 2
    )
    return ProjectedCRS(centre, name="Equal area, centred on the data", geodetic_crs=_geographic())


def areas_m2(geometry: gpd.GeoSeries) -> pd.Series:
    """Square metres of each shape, NaN where there is none; the shapes' index. Raises CrsError without a CRS."""
    return _measured(geometry, "area")


def lengths_m(geometry: gpd.GeoSeries) -> pd.Series:
    """Metres of each line, or around each polygon, NaN where there is none. Raises CrsError without a CRS."""
    return _measured(geometry, "length")


def to_inside(frame: gpd.GeoDataFrame, crs: CRS, datum: str) -> gpd.GeoDataFrame:
    """``frame`` in EPSG:4490, its coordinates read as ``crs`` and ``datum`` whatever the frame itself says.

    Raises:
        CrsError: GCJ-02 or BD-09 with a projection (both exist in degrees only), or a datum from which no national
            transformation is published (北京54, 西安80).
    """
    refuse_contradiction(crs, datum)
    shapes = frame.geometry
    if datum in ("gcj02", "bd09"):
        return frame.set_geometry(shift_geometry(shapes, datum, "cgcs2000"), crs=INSIDE)
    if crs.geodetic_crs is not None and _OLD_DATUMS.search(crs.geodetic_crs.name):
        raise CrsError(f"{crs.name} 转换到 CGCS2000 需要本地七参数，请由测绘部门转换后再报送")
    return frame.set_geometry(shapes.set_crs(crs, allow_override=True).to_crs(INSIDE))


def refuse_contradiction(crs: CRS, datum: str) -> None:
    """Raise CrsError where a datum cannot go with a reference system."""
    if datum in ("gcj02", "bd09") and not crs.is_geographic:
        raise CrsError(f"基准 {datum} 只有经纬度坐标，与坐标系 {crs.name} 矛盾")


def same_system(one: CRS, other: CRS) -> bool:
    """Whether coordinates mean the same place in both, under whatever names: the same datum and projection.

    The order of axes does not count; WGS 84, CGCS2000 and their like are the same datum here, as in ``datum``.
    """
    one, other = (crs.source_crs if crs.is_bound and crs.source_crs is not None else crs for crs in (one, other))
    return one.equals(other, ignore_axis_order=True) or _described(one) == _described(other)


def _described(crs: CRS) -> tuple[object, ...]:
    """Datum, unit, and method and parameters of the projection."""
    flat = crs.to_2d()
    geodetic = flat.geodetic_crs
    if geodetic is None or geodetic.ellipsoid is None:
        return (crs.to_wkt(),)
    ellipsoid = (round(geodetic.ellipsoid.semi_major_metre, 2), round(geodetic.ellipsoid.inverse_flattening, 4))
    name = geodetic.datum.name if geodetic.datum is not None else geodetic.name
    datum = "" if ellipsoid == _MODERN else re.sub(r"[^a-z0-9]", "", name.casefold().removeprefix("d_"))
    meridian = round(geodetic.prime_meridian.longitude, 6) if geodetic.prime_meridian is not None else 0.0
    units = {round(axis.unit_conversion_factor, 12) for axis in flat.axis_info}
    conversion = flat.coordinate_operation if flat.is_projected else None
    if conversion is None:
        return (ellipsoid, datum, meridian, units)
    given = {
        p.name.casefold(): round(float(p.value) * p.unit_conversion_factor, 9) for p in conversion.params if p.value
    }
    return (ellipsoid, datum, meridian, units, conversion.method_name.casefold(), given)


def _measured(geometry: gpd.GeoSeries, what: str) -> pd.Series:
    if geometry.crs is None:
        raise CrsError("没有坐标系，无法量算面积和长度")
    shapes = geometry if geometry.crs.is_geographic else geometry.to_crs(INSIDE)
    if (shapes.is_empty | shapes.isna()).all():
        # Nothing to centre on, and degrees of nothing are metres of nothing.
        return getattr(shapes.set_crs(None, allow_override=True), what)
    return getattr(shapes.to_crs(area_projection(shapes.total_bounds)), what)


def _from_wkt(text: str) -> CRS:
    try:
        crs = CRS.from_wkt(text.strip())
        # The same system under EPSG's own name and code, where it has one: ESRI names its copies differently.
        code = crs.to_epsg()
        return _measurable(CRS.from_epsg(code) if code else crs, text)
    except CRSError as error:
        raise CrsError(f"看不懂坐标系的 WKT「{_short(text)}」") from error


def _from_code(code: str, text: str) -> CRS:
    try:
        return _measurable(CRS.from_epsg(int(code)), text)
    except CRSError as error:
        raise CrsError(f"没有 EPSG 代码 {code}（坐标系「{_short(text)}」）") from error


def _measurable(crs: CRS, text: str) -> CRS:
    if not (crs.is_geographic or crs.is_projected):
        raise CrsError(f"坐标系「{_short(text)}」既不是经纬度也不是投影坐标（{crs.name}）")
    return crs


def _chinese_code(geodetic: _Geodetic, rest: str, text: str) -> int:
    """The EPSG code of the Gauss–Krüger zone that ``rest`` (folded, without the datum) speaks of, or the datum's."""
    meridian = _number(_MERIDIAN, rest)
    zone = _number(_ZONE, _MERIDIAN.sub(" ", rest))
    width = _width(rest)
    if zone is None and meridian is None:
        if _GEOGRAPHIC.fullmatch(rest):
            return geodetic.geographic
        raise CrsError(f"看不懂坐标系「{_short(text)}」：不是经纬度，也没有带号或中央经线，例如：CGCS2000 3度带 38带")
    if width is None:
        # Zones 13–23 are six degrees wide, 25–45 three; a meridian alone is the same projection in both.
        width = 6 if zone is not None and zone <= 23 else 3
    if zone is not None and zone not in (range(13, 24) if width == 6 else range(25, 46)):
        raise CrsError(f"坐标系「{_short(text)}」：我国 {width} 度带没有第 {zone} 带")
    of_zone = None if zone is None else (zone * 6 - 3 if width == 6 else zone * 3)
    centre = of_zone if meridian is None else meridian
    assert centre is not None
    if of_zone is not None and of_zone != centre:
        raise CrsError(
            f"坐标系「{_short(text)}」自相矛盾：{width} 度带第 {zone} 带的中央经线是 {of_zone}，不是 {centre}"
        )
    offset, remainder = divmod(centre - 75, width)
    if remainder or not 75 <= centre <= 135:
        raise CrsError(f"坐标系「{_short(text)}」：{centre} 不是 {width} 度带的中央经线")
    prefixed = zone is not None and meridian is None
    if _NO_PREFIX.search(rest):
        prefixed = False
    elif _PREFIX.search(rest):
        prefixed = True
    if prefixed:
        return (geodetic.zones6 if width == 6 else geodetic.zones3) + offset
    return (geodetic.meridians6 if width == 6 else geodetic.meridians3) + offset


def _wgs84_code(rest: str, text: str) -> int:
    utm = _UTM.search(rest)
    if utm and 1 <= int(utm[1]) <= 60:
        return (32700 if utm[2] in ("S", "南") else 32600) + int(utm[1])
    if _GEOGRAPHIC.fullmatch(rest):
        return 4326
    if re.search("WEB ?MERCATOR|PSEUDO-?MERCATOR", rest):
        return 3857
    raise CrsError(f"看不懂坐标系「{_short(text)}」，请写 EPSG 代码，例如 EPSG:32649（WGS84 UTM 49N）")


def _width(rest: str) -> int | None:
    found = _WIDTH.search(rest)
    if found:
        return 3 if found[1] in "3三" else 6
    # EPSG's own names: "Gauss-Kruger zone 19" is six degrees wide, "3-degree Gauss-Kruger zone 38" three.
    return 6 if "GAUSS-KRUGER" in rest else None


def _number(pattern: re.Pattern[str], text: str) -> int | None:
    found = pattern.search(text)
    return int(next(group for group in found.groups() if group is not None)) if found else None


def _geographic() -> GeographicCRS:
    return GeographicCRS(name=INSIDE.name, datum=INSIDE.datum)


def _china_albers() -> CRS:
    """The usual one of China's small-scale thematic maps: standard parallels 25° and 47°, meridian 105°."""
    conversion = AlbersEqualAreaConversion(25, 47, latitude_false_origin=0, longitude_false_origin=105)
    return ProjectedCRS(conversion, name="CGCS2000 / China Albers", geodetic_crs=_geographic())


def _in_degrees(bounds: Bounds, crs: CRS) -> Bounds:
    if crs.is_geographic:
        return bounds
    x_min, y_min, x_max, y_max = bounds
    try:
        return Transformer.from_crs(crs, INSIDE, always_xy=True).transform_bounds(x_min, y_min, x_max, y_max)
    except ProjError:
        return (np.nan,) * 4


def _touch(one: Bounds, other: Bounds) -> bool:
    return one[0] <= other[2] and one[2] >= other[0] and one[1] <= other[3] and one[3] >= other[1]


def _false_easting(crs: CRS) -> float:
    parameters = crs.coordinate_operation.params if crs.coordinate_operation else ()
    return next((float(parameter.value) for parameter in parameters if parameter.name == "False easting"), 0.0)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:60]}…"

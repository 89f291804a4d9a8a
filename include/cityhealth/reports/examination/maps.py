"""Maps of the city's units: an indicator that has values by county, in shades, with every value written in."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from cityhealth.reports.examination.canvas import FAINT, INK, picture
from cityhealth.reports.examination.charts import Drawing
from cityhealth.reports.examination.values import AreaValue, Boundary, Examination, Tagged, cell

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LEVEL = "county"
#: Fewer units with a value make no map.
_FEWEST = 2
_LIGHT, _DARK = (0xE6, 0xEF, 0xF7), (0x1F, 0x5C, 0x99)
#: Maps side by side, and rows of them in one picture.
_COLUMNS, _ROWS = 2, 2


def units_of(examination: Examination) -> tuple[Boundary, ...]:
    """The county areas that have a boundary."""
    return tuple(row for row in examination.boundaries if row.level == _LEVEL)


def mapped(examination: Examination) -> list[tuple[AreaValue, ...]]:
    """Of each indicator that can be mapped its values by unit; none where there are no boundaries."""
    units = {row.area_code for row in units_of(examination)}
    by_code: dict[str, list[AreaValue]] = {}
    for row in examination.area_values:
        if row.area_code in units and row.value is not None:
            by_code.setdefault(row.code, []).append(row)
    return [tuple(rows) for rows in by_code.values() if len(rows) >= _FEWEST]


def maps(examination: Examination) -> list[tuple[Drawing, tuple[str, ...]]]:
    """Pictures of up to four maps, each with the names of the indicators on it."""
    all_of_them = mapped(examination)
    units = units_of(examination)
    size = _COLUMNS * _ROWS
    sheets = [all_of_them[at : at + size] for at in range(0, len(all_of_them), size)]
    return [(_sheet(units, sheet), tuple(rows[0].name_zh for rows in sheet)) for sheet in sheets]


def _sheet(units: Sequence[Boundary], indicators: Sequence[tuple[AreaValue, ...]]) -> Drawing:
    columns = min(_COLUMNS, len(indicators))
    lines = math.ceil(len(indicators) / columns)
    shapes = [(unit, _polygons(unit)) for unit in units]

    def draw(figure: Figure) -> None:
        grid: Any = figure.subplots(lines, columns, squeeze=False)
        for axes, rows in zip(grid.flat, indicators, strict=False):
            _map(axes, shapes, {row.area_code: row for row in rows})
            unit = f"（{rows[0].unit}）" if rows[0].unit else ""
            axes.set_title(_title(f"{rows[0].name_zh}{unit}"), fontsize=10)
        for axes in list(grid.flat)[len(indicators) :]:
            axes.set_axis_off()

    pieces = [cell(row, "value", "f") for rows in indicators for row in rows]
    values = tuple(piece for piece in pieces if isinstance(piece, Tagged))
    texts = "；".join(f"{rows[0].name_zh}：" + "、".join(f"{r.area_zh}{_text(r)}" for r in rows) for rows in indicators)
    width = 6.1 if columns > 1 else 4.4
    return Drawing(picture(width, 2.7 * lines, draw), f"分区地图。{texts}。没有数据的区域以斜线表示。", values)


def _map(axes: Axes, shapes: Sequence[tuple[Boundary, list[Any]]], values: dict[str, AreaValue]) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.patheffects import withStroke

    known = [row.value for row in values.values() if row.value is not None]
    low, high = min(known), max(known)
    for unit, polygons in shapes:
        row = values.get(unit.area_code)
        share = None if row is None or row.value is None else (row.value - low) / (high - low) if high > low else 0.5
        for rings in polygons:
            patch = PathPatch(
                _path(rings),
                facecolor="white" if share is None else _shade(share),
                hatch="////" if share is None else None,
                edgecolor=FAINT if share is None else "white",
                linewidth=0.8,
            )
            axes.add_patch(patch)
            # The hatch takes the colour of the edge; the outline of what has no value must be seen all the same.
            axes.add_patch(PathPatch(_path(rings), facecolor="none", edgecolor="#9A9A9A", linewidth=0.6))
        x, y = _inside(polygons)
        label = f"{unit.name_zh}\n{_text(row) if row else '无数据'}"
        # A name may be wider than its unit: it stands on a white edge of its own.
        halo = [withStroke(linewidth=2.2, foreground="white")]
        axes.text(x, y, label, ha="center", va="center", fontsize=7.5, color=INK, path_effects=halo, zorder=5)
    axes.autoscale_view()
    south, north = axes.get_ylim()
    axes.set_aspect(1 / math.cos(math.radians((south + north) / 2)))
    axes.set_axis_off()


def _polygons(unit: Boundary) -> list[list[list[tuple[float, float]]]]:
    """Polygons of rings of points."""
    geometry = json.loads(unit.geojson)
    parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return [[[(point[0], point[1]) for point in ring] for ring in part] for part in parts]


def _path(rings: Iterable[Sequence[tuple[float, float]]]) -> Any:
    from matplotlib.path import Path

    return Path.make_compound_path(*(Path(list(ring), closed=True) for ring in rings))


def _inside(polygons: list[list[list[tuple[float, float]]]]) -> tuple[float, float]:
    """A point well inside the largest part, for the name."""
    import shapely

    largest = max((shapely.Polygon(rings[0], rings[1:]) for rings in polygons), key=lambda polygon: polygon.area)
    point = shapely.maximum_inscribed_circle(largest).coords[0]
    return point[0], point[1]


def _shade(share: float) -> tuple[float, float, float]:
    red, green, blue = ((light + (dark - light) * share) / 255 for light, dark in zip(_LIGHT, _DARK, strict=True))
    return red, green, blue


def _text(row: AreaValue) -> str:
    piece = cell(row, "value", "f")
    return piece if isinstance(piece, str) else piece.text if isinstance(piece, Tagged) else ""


def _title(text: str, longest: int = 20) -> str:
    if len(text) <= longest:
        return text
    half = (len(text) + 1) // 2
    return f"{text[:half]}\n{text[half:]}"

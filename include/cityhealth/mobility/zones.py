"""Areas as a lookup table: which zone a position is in, by a plain join on its grid cell and a few comparisons.

Zones are what areas (counties, the built-up area, clusters; they may overlap) divide the ground into: two places are in
one zone where they are in the same areas. The grid's cells are a few hundred metres wide. A cell that no border
crosses is one *piece*; any other is cut, as in sweeping a plane (Bentley and Ottmann 1979), at the latitude of every
vertex into slabs, in which borders are straight and do not cross, and each slab between borders into trapezoids.
Neighbouring pieces have the same numbers for the border between them, so that no position is in two.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import ibis
import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from cityhealth.mobility.engine import Engine

#: Metres of the mean radius of the Earth (IUGG).
EARTH_M = 6_371_008.8
_DEGREE_M = math.pi * EARTH_M / 180

#: cell = row × this + column. Columns count from longitude 0, rows from latitude 0, so that cells keep their numbers
#: when areas change.
CELL_COLUMNS = 1 << 24

#: No limit to this side but the cell's own.
_OPEN = 1000.0

#: Degrees, a hundredth of a millimetre: vertices are taken to this, so that what touches has a common vertex.
_GRAIN = 1e-10

#: Degrees, a tenth of a micrometre: latitudes that are no further apart are one.
_SAME = 1e-12

#: base, south, north, west, west_slope, east, east_slope of a cell that is one piece.
_EVERYWHERE = (0.0, -_OPEN, _OPEN, -_OPEN, 0.0, _OPEN, 0.0)

_PIECES = pa.schema(
    [
        pa.field("cell", pa.int64()),
        pa.field("zone", pa.int64()),
        *(
            pa.field(name, pa.float64())
            for name in ("base", "south", "north", "west", "west_slope", "east", "east_slope")
        ),
    ]
)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Zones:
    """``pieces``: (cell, zone, base, south, north, west, west_slope, east, east_slope), degrees; a position of the cell
    is in the piece if south ≤ lat < north and west + west_slope × (lat − base) ≤ lon < the same of east.

    ``areas``: zone → the codes of the areas that it is part of. ``dlon``, ``dlat``: size of a cell in degrees;
    ``cell_m``: in metres, as asked for.
    """

    cell_m: float
    dlon: float
    dlat: float
    pieces: pa.Table
    areas: Mapping[int, frozenset[str]]

    @cached_property
    def hash(self) -> str:
        """Equal: positions fall into the same cells and zones, and these into the same areas."""
        digest = hashlib.sha256(repr((self.dlon, self.dlat)).encode())
        digest.update(repr([(zone, sorted(codes)) for zone, codes in sorted(self.areas.items())]).encode())
        for column in self.pieces.columns:
            digest.update(column.to_numpy().tobytes())
        return digest.hexdigest()[:20]

    @property
    def codes(self) -> list[str]:
        """The codes of all areas."""
        return sorted(set().union(*self.areas.values()))

    @cached_property
    def membership(self) -> pa.Table:
        """(zone, area): one row for each area that a zone is part of."""
        rows = [(zone, code) for zone, codes in sorted(self.areas.items()) for code in sorted(codes)]
        return pa.table(
            {
                "zone": pa.array([zone for zone, _ in rows], pa.int64()),
                "area": pa.array([code for _, code in rows], pa.string()),
            }
        )

    def cell(self, lon: ibis.Column, lat: ibis.Column) -> ibis.Value:
        """The cell of a position in degrees."""
        column = (lon / ibis.literal(self.dlon)).floor().cast("int64")
        row = (lat / ibis.literal(self.dlat)).floor().cast("int64")
        return row * CELL_COLUMNS + column

    def middle(self, cell: ibis.Column) -> tuple[ibis.Value, ibis.Value]:
        """Longitude and latitude in degrees of the middle of a cell."""
        row = (cell - cell % CELL_COLUMNS).cast("float64") / float(CELL_COLUMNS)
        return ((cell % CELL_COLUMNS).cast("float64") + 0.5) * self.dlon, (row + 0.5) * self.dlat


def locate(
    table: ibis.Table, zones: Zones, engine: Engine, lon: str = "lon", lat: str = "lat", outside: bool = False
) -> ibis.Table:
    """``table`` with the columns ``cell`` and ``zone`` of the position in columns ``lon`` and ``lat``.

    Rows outside all areas are left out; with ``outside`` those in cells that no area touches stay, without a zone. The
    comparisons come after the join, which so stays one that hashes.
    """
    pieces = engine.once(("pieces", zones.hash), lambda: engine.table(zones.pieces))
    placed = table.mutate(cell=zones.cell(table[lon], table[lat]))
    pieces = pieces.rename(piece_cell="cell")
    joined = placed.join(pieces, placed.cell == pieces.piece_cell, how="left" if outside else "inner")
    above = joined[lat] - joined.base
    inside = (
        (joined[lat] >= joined.south)
        & (joined[lat] < joined.north)
        & (joined[lon] >= joined.west + joined.west_slope * above)
        & (joined[lon] < joined.east + joined.east_slope * above)
    )
    return joined.filter(inside | joined.piece_cell.isnull() if outside else inside).select(*placed.columns, "zone")


def distance_m(lon: ibis.Value, lat: ibis.Value, to_lon: ibis.Value, to_lat: ibis.Value) -> ibis.Value:
    """Metres between two positions in degrees, on the sphere (haversine)."""
    half_lat = ((to_lat - lat) / 2.0).radians().sin()
    half_lon = ((to_lon - lon) / 2.0).radians().sin()
    chord = half_lat * half_lat + lat.radians().cos() * to_lat.radians().cos() * half_lon * half_lon
    return 2.0 * EARTH_M * chord.sqrt().asin()


def build_zones(polygons: Mapping[str, shapely.Geometry], cell_m: float) -> Zones:
    """Zones of areas, by code, in degrees of CGCS2000, and the pieces of a grid of about ``cell_m`` metres.

    Cells are as high everywhere and as wide at the whole degree of latitude nearest to the middle of the areas (at
    35° a cell is 0.6 % wider or narrower half a degree off). Polygons that are not valid are made so.
    """
    shapes = {code: _ground_of(shape) for code, shape in sorted(polygons.items())}
    shapes = {code: shape for code, shape in shapes.items() if not shape.is_empty}
    bounds = shapely.total_bounds(list(shapes.values())) if shapes else np.zeros(4)
    dlat = cell_m / _DEGREE_M
    dlon = dlat / math.cos(math.radians(round((bounds[1] + bounds[3]) / 2)))
    if not shapes:
        return Zones(cell_m, dlon, dlat, _PIECES.empty_table(), {})
    borders = shapely.get_parts(shapely.union_all([shape.boundary for shape in shapes.values()], grid_size=_GRAIN))
    ground = _ground(shapes, borders)
    grid = _Grid(dlon, dlat)
    crossed = _crossed(_segments(borders), grid)
    parts = [_whole_cells(bounds, crossed, grid, ground), _cut_cells(crossed, grid, ground)]
    order = [(name, "ascending") for name in ("cell", "base", "west", "zone")]
    pieces = pa.concat_tables(parts).sort_by(order).combine_chunks()
    return Zones(cell_m, dlon, dlat, pieces, dict(ground.areas))


def _ground_of(shape: shapely.Geometry) -> shapely.MultiPolygon:
    """The polygons of a shape that is valid or can be made so; lines and points cover no ground."""
    grained = shapely.set_precision(shapely.make_valid(shape), _GRAIN)
    parts = shapely.get_parts(shapely.get_parts(grained))
    return shapely.MultiPolygon([part for part in parts if isinstance(part, shapely.Polygon) and part.area > 0])


@dataclass(frozen=True)
class _Grid:
    dlon: float
    dlat: float

    def box(self, row: int, column: int) -> tuple[float, float, float, float]:
        return column * self.dlon, row * self.dlat, (column + 1) * self.dlon, (row + 1) * self.dlat


@dataclass(frozen=True)
class _Ground:
    """Polygons that meet at borders at most, the zone of each, and the areas of each zone."""

    faces: Sequence[shapely.Geometry]
    face_zones: NDArray[np.int64]
    areas: Mapping[int, frozenset[str]]

    def zones(self, lon: Floats, lat: Floats) -> NDArray[np.int64]:
        """The zone of each position, 0 where there is none."""
        found = np.zeros(len(lon), np.int64)
        for face, zone in zip(self.faces, self.face_zones, strict=True):
            west, south, east, north = face.bounds
            near = np.flatnonzero((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))
            found[near[shapely.intersects_xy(face, lon[near], lat[near])]] = zone
        return found


def _ground(shapes: Mapping[str, shapely.Geometry], borders: Sequence[shapely.Geometry]) -> _Ground:
    faces = shapely.get_parts(shapely.polygonize(borders))
    middles = shapely.point_on_surface(faces)
    shapely.prepare([*shapes.values(), *faces])
    inside = {code: shapely.contains(shape, middles) for code, shape in shapes.items()}
    sets = [frozenset(code for code, holds in inside.items() if holds[index]) for index in range(len(faces))]
    numbers = {codes: number for number, codes in enumerate(sorted({s for s in sets if s}, key=sorted), start=1)}
    kept = [index for index, codes in enumerate(sets) if codes]
    face_zones = np.array([numbers[sets[index]] for index in kept], np.int64)
    return _Ground(faces[kept], face_zones, {number: codes for codes, number in numbers.items()})


def _segments(borders: Sequence[shapely.Geometry]) -> Floats:
    """(n, 4): x, y of the lower and of the upper end of every straight part of the borders."""
    parts = []
    for border in borders:
        points = shapely.get_coordinates(border)
        parts.append(np.hstack([points[:-1], points[1:]]))
    segments = np.vstack(parts)
    downward = segments[:, 1] > segments[:, 3]
    segments[downward] = segments[downward][:, [2, 3, 0, 1]]
    return segments


def _crossed(segments: Floats, grid: _Grid) -> dict[tuple[int, int], Floats]:
    """(row, column) → the segments that cross or touch the cell."""
    found: dict[tuple[int, int], list[int]] = {}
    # A position is counted into a cell by a rounded division: a segment on the edge of a cell goes to both sides.
    slack = 1e-9
    for number, (x1, y1, x2, y2) in enumerate(segments):
        for row in range(math.floor(y1 / grid.dlat - slack), math.floor(y2 / grid.dlat + slack) + 1):
            ends = [x1, x2]
            if y2 > y1:
                edges = np.clip([row * grid.dlat, (row + 1) * grid.dlat], y1, y2)
                ends = list(x1 + (edges - y1) / (y2 - y1) * (x2 - x1))
            first, last = (math.floor(x / grid.dlon + s) for x, s in ((min(ends), -slack), (max(ends), slack)))
            for column in range(first, last + 1):
                found.setdefault((row, column), []).append(number)
    return {cell: segments[numbers] for cell, numbers in found.items()}


def _whole_cells(bounds: Floats, crossed: Mapping[tuple[int, int], Floats], grid: _Grid, ground: _Ground) -> pa.Table:
    """A piece for every cell that no border crosses and that is in a zone."""
    columns = np.arange(math.floor(bounds[0] / grid.dlon), math.floor(bounds[2] / grid.dlon) + 1)
    rows = np.arange(math.floor(bounds[1] / grid.dlat), math.floor(bounds[3] / grid.dlat) + 1)
    free = np.ones((len(rows), len(columns)), bool)
    for row_number, column_number in crossed:
        if rows[0] <= row_number <= rows[-1] and columns[0] <= column_number <= columns[-1]:
            free[row_number - rows[0], column_number - columns[0]] = False
    row_index, column_index = np.nonzero(free)
    row, column = rows[row_index], columns[column_index]
    zones = ground.zones((column + 0.5) * grid.dlon, (row + 0.5) * grid.dlat)
    cells = row * CELL_COLUMNS + column
    inside = zones > 0
    sides = [pa.array(np.full(inside.sum(), side)) for side in _EVERYWHERE]
    return pa.Table.from_arrays([pa.array(cells[inside]), pa.array(zones[inside]), *sides], schema=_PIECES)


def _cut_cells(crossed: Mapping[tuple[int, int], Floats], grid: _Grid, ground: _Ground) -> pa.Table:
    """The pieces of every cell that borders cross: zones of all spans are looked up together, then like ones joined."""
    slabs = [slab for cell, segments in sorted(crossed.items()) for slab in _slabs(cell, segments, grid)]
    middles = [(x, slab.middle) for slab in slabs for x in slab.spans()]
    zones = ground.zones(*np.array(middles, float).reshape(-1, 2).T)
    rows: list[tuple] = []
    taken = 0
    for slab in slabs:
        count = len(slab.borders) + 1
        rows += slab.pieces(zones[taken : taken + count].tolist())
        taken += count
    return _rows(rows)


@dataclass(frozen=True)
class _Slab:
    """A part of a cell between two latitudes, in which borders neither end nor cross.

    ``borders``: from west to east, (longitude at ``base``, degrees of longitude per degree of latitude).
    """

    cell: int
    base: float
    top: float
    south: float
    north: float
    sides: tuple[float, float]
    borders: list[tuple[float, float]]

    @property
    def middle(self) -> float:
        return (self.base + self.top) / 2

    def spans(self) -> list[float]:
        """A longitude within each span between borders, at the middle latitude."""
        above = self.middle - self.base
        edges = [self.sides[0], *(x + slope * above for x, slope in self.borders), self.sides[1]]
        return [(west + east) / 2 for west, east in pairwise(edges)]

    def pieces(self, zones: Sequence[int]) -> Iterator[tuple]:
        edges = [(-_OPEN, 0.0), *self.borders, (_OPEN, 0.0)]
        changes = [0, *(i for i in range(1, len(zones)) if zones[i] != zones[i - 1]), len(zones)]
        for first, end in pairwise(changes):
            if zones[first]:
                yield self.cell, zones[first], self.base, self.south, self.north, *edges[first], *edges[end]


def _slabs(cell: tuple[int, int], segments: Floats, grid: _Grid) -> Iterator[_Slab]:
    west, south, east, north = grid.box(*cell)
    x1, y1, x2, y2 = segments[segments[:, 3] > segments[:, 1]].T
    slopes = (x2 - x1) / (y2 - y1)
    with np.errstate(divide="ignore", invalid="ignore"):
        at_sides = [y1 + (side - x1) / slopes for side in (west, east)]
    ends = np.concatenate([segments[:, 1], segments[:, 3], *at_sides])
    inner = np.unique([south, *ends[(ends > south + _SAME) & (ends < north - _SAME)]])
    # Ends of one vertex reckoned in two ways; a slab between them would have no middle.
    levels = [*inner[np.diff(inner, prepend=-np.inf) > _SAME], north]
    for base, top in pairwise(levels):
        middle = (base + top) / 2
        there = x1 + slopes * (middle - y1)
        within = (y1 < middle) & (middle < y2) & (west < there) & (there < east)
        order = np.argsort(there[within], kind="stable")
        at_base = (x1 + slopes * (base - y1))[within][order]
        borders = list(zip(at_base.tolist(), slopes[within][order].tolist(), strict=True))
        yield _Slab(
            cell=cell[0] * CELL_COLUMNS + cell[1],
            base=float(base),
            top=float(top),
            south=-_OPEN if base == south else float(base),
            north=_OPEN if top == north else float(top),
            sides=(west, east),
            borders=borders,
        )


def _rows(rows: Sequence[tuple]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(_PIECES)
    return pa.Table.from_arrays(
        [pa.array(column, field.type) for column, field in zip(columns, _PIECES, strict=True)], schema=_PIECES
    )

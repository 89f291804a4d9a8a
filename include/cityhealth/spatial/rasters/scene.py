"""A scene: one raster file, opened so that its cells are read window by window as numbers of the measured quantity."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import rasterio
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError
from rasterio._err import CPLE_BaseError
from rasterio.enums import MaskFlags, Resampling
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from cityhealth.spatial.crs import INSIDE
from cityhealth.spatial.rasters.completeness import check_complete
from cityhealth.spatial.rasters.grid import Grid
from cityhealth.spatial.rasters.masks import MaskRule
from cityhealth.spatial.rasters.refusals import refuse

SIGNATURES = {
    b"II*\0": "GTiff",
    b"II+\0": "GTiff",
    b"MM\0*": "GTiff",
    b"MM\0+": "GTiff",
    b"\0\0\0\x0c": "JP2OpenJPEG",
    b"\xff\x4f\xff\x51": "JP2OpenJPEG",
    b"\x89HDF": "netCDF",
    b"CDF\x01": "netCDF",
    b"CDF\x02": "netCDF",
}
"""First bytes → what GDAL opens the file as. Others are refused: a VRT names further files, or addresses, to read."""

CACHE_MIB = 64
"""Decoded blocks that GDAL keeps: without a bound it would take a twentieth of the machine's memory."""

MAX_CELLS = 10**11
MAX_BLOCK_CELLS = 1 << 26


#: What GDAL raises where it finds no way from one system to another.
_NO_WARP = (RasterioError, CPLE_BaseError, RuntimeError)


@dataclass(frozen=True)
class Cells:
    """One window of a scene. ``bands``: name → (rows, columns) of numbers, NaN where not recorded or under a cloud.

    ``data`` is true where every band that was asked for is recorded (clouds are recorded), ``cloud`` where data is
    true and a cloud hides the ground.
    """

    bands: Mapping[str, np.ndarray]
    data: np.ndarray
    cloud: np.ndarray


@dataclass(frozen=True)
class Band:
    """One band: its name, its number in the file (from 1), how its stored numbers become measured ones."""

    name: str
    number: int
    dtype: str
    nodata: float | None
    scale: float
    offset: float


@dataclass(frozen=True)
class CloudMask:
    """An open mask on the scene's own grid (nearest cell), and the rule by which its numbers are read."""

    dataset: WarpedVRT
    rule: MaskRule


@dataclass(frozen=True)
class Scene:
    """An open scene; ``measured = stored × scale + offset``, in the unit that the scale gives (reflectance, metres …).

    ``nodata_from`` says where the number for "not recorded" comes from: ``given`` by the manifest, the ``file``,
    ``assumed`` (three or more bands of whole numbers and none declared: a cell that is 0 in every band) or ``none``.
    """

    filename: str
    driver: str
    dataset: DatasetReader | WarpedVRT
    grid: Grid
    bands: Mapping[str, Band]
    nodata_from: str
    footprint: int | None = None
    mask: CloudMask | None = None

    def read(self, window: Window, names: Iterable[str] | None = None) -> Cells:
        """The cells of ``window`` in the bands ``names`` (all without it). Raises UnreadableFile ``damaged``."""
        wanted = list(self.bands) if names is None else list(dict.fromkeys(names))
        if unknown := [name for name in wanted if name not in self.bands]:
            raise refuse("unknown_band", self.filename, "、".join(unknown))
        try:
            return self._read(window, wanted)
        except RasterioError as error:
            raise refuse("damaged", self.filename) from error

    def stored(self, band: int, window: Window) -> np.ndarray:
        """The numbers of one band (by its number in the file) as they are stored. Raises UnreadableFile ``damaged``."""
        try:
            return self.dataset.read(band, window=window)
        except RasterioError as error:
            raise refuse("damaged", self.filename) from error

    def _read(self, window: Window, wanted: list[str]) -> Cells:
        read = list(self.bands) if self.nodata_from == "assumed" else wanted
        stored = self.dataset.read([self.bands[name].number for name in read], window=window)
        recorded = np.stack([_recorded(self.bands[name], layer) for name, layer in zip(read, stored, strict=True)])
        if self.nodata_from == "assumed":
            recorded &= (stored != 0).any(axis=0)
        if self.footprint is not None:
            recorded &= self.dataset.read(self.footprint, window=window) != 0
        elif any({MaskFlags.per_dataset, MaskFlags.alpha} & set(flags) for flags in self.dataset.mask_flag_enums):
            recorded &= self.dataset.dataset_mask(window=window) != 0
        cloud = np.zeros(recorded.shape[1:], dtype=bool)
        if self.mask is not None:
            codes, inside = self.mask.dataset.read(window=window)[[0, -1]]
            recorded &= ~self.mask.rule.fill(codes) & (inside != 0)
            cloud = self.mask.rule.cloud(codes)
        layers = {name: (band, seen) for name, band, seen in zip(read, stored, recorded, strict=True)}
        data = np.logical_and.reduce([layers[name][1] for name in wanted], initial=True)
        data = np.broadcast_to(data, cloud.shape)
        return Cells({name: _measured(self.bands[name], *layers[name], cloud) for name in wanted}, data, cloud & data)

    def masked_by(self, mask: Scene, rule: MaskRule) -> Scene:
        """This scene with ``mask`` (any resolution or system) brought to its grid by nearest cell, window by window.

        Cells outside the mask count as not recorded: nobody says whether they are clear.
        Raises UnreadableFile ``wrong_crs``: there is no way from the mask's system to the scene's.
        """
        return replace(self, mask=CloudMask(_rewarped(mask.filename, mask.dataset, self.grid, mask.grid.crs), rule))

    def on(self, grid: Grid) -> Scene:
        """This scene on another grid by nearest cell, its mask too; cells outside it are not recorded.

        Raises UnreadableFile ``wrong_crs``: there is no way from its system to that of the grid.
        """
        dataset = _rewarped(self.filename, self.dataset, grid, self.grid.crs)
        mask = self.mask and CloudMask(_rewarped(self.filename, self.mask.dataset, grid), self.mask.rule)
        return replace(self, dataset=dataset, grid=grid, footprint=dataset.count, mask=mask)


def _recorded(band: Band, stored: np.ndarray) -> np.ndarray:
    """True where a stored number is neither NaN nor the band's number for "not recorded"."""
    recorded = ~np.isnan(stored) if stored.dtype.kind == "f" else np.ones(stored.shape, dtype=bool)
    if band.nodata is not None and not math.isnan(band.nodata):
        recorded &= stored != stored.dtype.type(band.nodata)
    return recorded


def _measured(band: Band, stored: np.ndarray, recorded: np.ndarray, cloud: np.ndarray) -> np.ndarray:
    numbers = stored.astype(np.float64)
    if (band.scale, band.offset) != (1.0, 0.0):
        numbers = numbers * band.scale + band.offset
    numbers[~recorded | cloud] = np.nan
    return numbers


def _rewarped(filename: str, dataset: DatasetReader | WarpedVRT, grid: Grid, crs: CRS | None = None) -> WarpedVRT:
    """``dataset`` on ``grid``, nearest cell, the last band telling where it has cells at all."""
    try:
        return WarpedVRT(
            dataset,
            src_crs=crs and crs.to_wkt(),
            crs=grid.crs.to_wkt(),
            transform=grid.transform,
            width=grid.width,
            height=grid.height,
            resampling=Resampling.nearest,
            add_alpha=MaskFlags.alpha not in dataset.mask_flag_enums[0],
            warp_mem_limit=CACHE_MIB,
        )
    except _NO_WARP as error:
        raise refuse("wrong_crs", filename) from error


@contextmanager
def open_scene(
    source: Path | bytes,
    filename: str,
    *,
    crs: object = None,
    nodata: float | None = None,
    bands: Mapping[str, int] | None = None,
    scale: float | None = None,
    offset: float | None = None,
    variable: str | None = None,
) -> Iterator[Scene]:
    """Open a GeoTIFF (COG), JPEG 2000 or NetCDF; what the manifest gives wins over what the file says.

    ``crs`` is anything pyproj takes; ``bands`` maps names to numbers in the file (without it: the file's own names,
    else ``band_1`` …); ``variable`` picks one of several NetCDF variables. Sidecar files are not looked at: a scene is
    the bytes of its arrival. Rows that run north, or a rotated grid, are brought to a north-up one.
    Raises UnreadableFile: empty, not_a_raster, damaged, no_crs, wrong_crs, not_georeferenced, raster_too_large,
    block_too_large, no_data, wrong_nodata, wrong_scale, unknown_band, several_variables.
    """
    with ExitStack() as stack:
        stack.enter_context(rasterio.Env(GDAL_CACHEMAX=CACHE_MIB, GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"))
        if isinstance(source, bytes):  # on disk, since NetCDF cannot be read from memory
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            path = Path(folder) / f"scene{Path(filename).suffix.lower()}"
            path.write_bytes(source)
        else:
            path = source
        if path.stat().st_size == 0:
            raise refuse("empty", filename)
        dataset = stack.enter_context(_open(path, filename, variable))
        _check_size(dataset, filename)
        check_complete(dataset, path, filename)
        system = _system(dataset, filename, crs)
        found = _bands(dataset, filename, bands, nodata, scale, offset)
        nodata_from = _nodata_from(dataset, found, nodata)
        grid = _grid(dataset, system)
        scene = Scene(filename, dataset.driver, dataset, grid, found, nodata_from)
        if dataset.transform.e > 0 or dataset.transform.b or dataset.transform.d:
            try:
                upright = stack.enter_context(WarpedVRT(dataset, src_crs=system.to_wkt(), crs=system.to_wkt()))
            except _NO_WARP as error:
                raise refuse("wrong_crs", filename) from error
            scene = scene.on(_grid(upright, system))
        yield scene


def _grid(dataset: DatasetReader | WarpedVRT, system: CRS) -> Grid:
    return Grid(system, dataset.transform, dataset.width, dataset.height, dataset.block_shapes[0])


def _open(path: Path, filename: str, variable: str | None) -> DatasetReader:
    with path.open("rb") as file:
        driver = SIGNATURES.get(file.read(4))
    if driver is None:
        raise refuse("not_a_raster", filename)
    try:
        dataset = rasterio.open(path, driver=driver)
        if not dataset.subdatasets:
            return dataset
        names = {name.rsplit(":", 1)[-1]: name for name in dataset.subdatasets}
        dataset.close()
        if variable in names:
            return rasterio.open(names[variable], driver=driver)
    except RasterioError as error:
        raise refuse("damaged", filename) from error
    raise refuse("several_variables", filename, "、".join(names))


def _system(dataset: DatasetReader, filename: str, crs: object) -> CRS:
    """The coordinate system to use; refuses a file without place, and degrees that are none."""
    if dataset.transform.is_identity:
        raise refuse("not_georeferenced", filename)
    if crs is None and dataset.crs is None:
        raise refuse("no_crs", filename)
    try:
        system = CRS.from_user_input(dataset.crs.to_wkt() if crs is None else crs)
    except CRSError as error:
        raise refuse("no_crs", filename, "坐标系的写法有误") from error
    if not _on_earth(system):
        raise refuse("no_crs", filename, f"「{system.name}」不是地球上的坐标系")
    if system.is_geographic:
        west, south, east, north = dataset.bounds
        slack = 2 * max(map(abs, dataset.res))  # global grids may stand half a cell over the edge
        if max(abs(south), abs(north)) > 90 + slack or west < -180 - slack or east > 360 + slack:
            raise refuse("wrong_crs", filename, f"西 {west:g}、南 {south:g}、东 {east:g}、北 {north:g}")
    return system


def _on_earth(system: CRS) -> bool:
    """Whether there is a way from it to where everything is kept: none from a building site's own system, or Mars's."""
    try:
        Transformer.from_crs(system, INSIDE)
    except ProjError:
        return False
    return system.is_geographic or system.is_projected


def _check_size(dataset: DatasetReader, filename: str) -> None:
    if dataset.width * dataset.height > MAX_CELLS:
        raise refuse("raster_too_large", filename, f"{dataset.width}×{dataset.height}")
    height, width = dataset.block_shapes[0]
    if height * width > MAX_BLOCK_CELLS:
        raise refuse("block_too_large", filename, f"{width}×{height}")


def _bands(
    dataset: DatasetReader,
    filename: str,
    numbers: Mapping[str, int] | None,
    nodata: float | None,
    scale: float | None,
    offset: float | None,
) -> dict[str, Band]:
    if numbers is None:
        named = all(dataset.descriptions) and len(set(dataset.descriptions)) == dataset.count
        numbers = {
            (str(dataset.descriptions[n - 1]) if named else f"band_{n}"): n
            for n in dataset.indexes
            if dataset.colorinterp[n - 1].name != "alpha"
        }
    if wrong := [name for name, number in numbers.items() if number not in dataset.indexes]:
        raise refuse("unknown_band", filename, "、".join(wrong))
    if scale == 0 or not all(math.isfinite(number) for number in (scale, offset) if number is not None):
        raise refuse("wrong_scale", filename)
    found = {}
    for name, number in numbers.items():
        at, dtype = number - 1, dataset.dtypes[number - 1]
        if nodata is not None and not _holds(dtype, nodata):
            raise refuse("wrong_nodata", filename, f"{nodata:g}，像元类型 {dtype}")
        own = dataset.nodatavals[at]
        found[name] = Band(
            name,
            number,
            dtype,
            (own if own is not None and _holds(dtype, own) else None) if nodata is None else nodata,
            dataset.scales[at] if scale is None else scale,
            dataset.offsets[at] if offset is None else offset,
        )
    return found


def _holds(dtype: str, number: float) -> bool:
    """Whether a cell of ``dtype`` can hold ``number``."""
    if np.dtype(dtype).kind == "f":
        return True
    limits = np.iinfo(dtype)
    return math.isfinite(number) and number == int(number) and limits.min <= number <= limits.max


def _nodata_from(dataset: DatasetReader, bands: Mapping[str, Band], nodata: float | None) -> str:
    if nodata is not None:
        return "given"
    flags = {flag for flags in dataset.mask_flag_enums for flag in flags}
    if flags & {MaskFlags.nodata, MaskFlags.per_dataset, MaskFlags.alpha}:
        return "file"
    whole = all(np.dtype(band.dtype).kind in "iu" for band in bands.values())
    return "assumed" if len(bands) >= 3 and whole else "none"

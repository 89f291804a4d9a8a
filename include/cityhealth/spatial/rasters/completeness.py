"""Whether a file is whole, told from its own index: reading alone may show zeros where the end is missing."""

from __future__ import annotations

import warnings
from itertools import product
from pathlib import Path

from rasterio.io import DatasetReader
from scipy.io import netcdf_file

from cityhealth.spatial.rasters.refusals import refuse


def check_complete(dataset: DatasetReader, path: Path, filename: str) -> None:
    """Look at the index of a GeoTIFF, or the header of a classic NetCDF; the other formats fail when they are read.

    Raises UnreadableFile ``damaged`` (something ends beyond the end of the file), ``no_data`` (a sparse GeoTIFF of
    which no block is stored: however many cells it claims, none is read).
    """
    if dataset.driver == "GTiff":
        _check_blocks(dataset, path.stat().st_size, filename)
    elif dataset.driver == "netCDF":
        _check_variables(path, filename)


def _check_blocks(dataset: DatasetReader, size: int, filename: str) -> None:
    stored = False
    height, width = dataset.block_shapes[0]
    bands = dataset.indexes if dataset.interleaving.name == "band" else dataset.indexes[:1]
    for band, y, x in product(bands, range(-(-dataset.height // height)), range(-(-dataset.width // width))):
        offset = dataset.get_tag_item(f"BLOCK_OFFSET_{x}_{y}", "TIFF", bidx=band)
        if offset is None:
            continue
        stored = True
        if int(offset) + int(dataset.get_tag_item(f"BLOCK_SIZE_{x}_{y}", "TIFF", bidx=band)) > size:
            raise refuse("damaged", filename)
    if not stored:
        raise refuse("no_data", filename, f"{dataset.width}×{dataset.height}")


def _check_variables(path: Path, filename: str) -> None:
    with path.open("rb") as file:
        if file.read(3) != b"CDF":
            return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # that the mapped file cannot be closed: it is, when forgotten
        try:
            netcdf_file(path, "r", mmap=True).close()  # maps every variable, reads none
        except (TypeError, ValueError, IndexError, KeyError, OverflowError) as error:
            raise refuse("damaged", filename) from error

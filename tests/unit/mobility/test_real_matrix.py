"""A published matrix of Shenzhen's taxi trips with its grid: what enters is what the files say."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import os
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pyogrio
import pytest

from cityhealth.errors import Place
from cityhealth.mobility.cells import read_cells
from cityhealth.mobility.entry import enter
from cityhealth.mobility.manifest import Manifest
from cityhealth.settings import PROJECT_ROOT

FOLDER = Path(os.environ.get("CITYHEALTH_REAL_DATA", PROJECT_ROOT.parent / "shared" / "data")) / "mobility"

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="no open data files in CITYHEALTH_REAL_DATA"),
]


def test_every_pair_of_known_cells_enters_from_middle_to_middle(tmp_path: Path) -> None:
    manifest = Manifest(
        datum="wgs84",
        source="深圳出租车",
        licence="公开",
        columns={"origin": ("SLONCOL", "SLATCOL"), "destination": ("ELONCOL", "ELATCOL"), "count": "VehicleNum"},
        cells={"file": "grid.zip", "columns": ("LONCOL", "LATCOL")},
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted((FOLDER / "grid").iterdir()):
            archive.write(file, file.name)
    cells = read_cells(packed.getvalue(), manifest, "grid.zip")
    path = FOLDER / "taxi_od_grid.csv"
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    found = enter(
        path, Place(path.name), sha256, "trip_matrix", manifest, dt.date(2013, 10, 22), "s", tmp_path, cells=cells
    )
    frame = pyogrio.read_dataframe(FOLDER / "grid" / "grid.shp")
    middles = {
        (int(row.LONCOL), int(row.LATCOL)): (shape.centroid.x, shape.centroid.y)
        for row, shape in zip(frame.itertuples(), frame.geometry, strict=True)
    }
    with path.open(encoding="utf-8-sig") as file:
        stated = [[int(value) for value in row] for row in list(csv.reader(file))[1:]]
    wanted = [row for row in stated if tuple(row[:2]) in middles and tuple(row[2:4]) in middles]
    table = pq.read_table(tmp_path / f"{found.store_key}.parquet").to_pylist()
    assert found.rows == len(stated) and len(table) == len(wanted) > 100_000
    assert found.profile.unreadable == ({"cell": len(stated) - len(wanted)} if len(stated) > len(wanted) else {})
    assert sum(row["travellers"] for row in table) == sum(row[4] for row in wanted)
    for row, said in list(zip(table, wanted, strict=True))[::997]:
        ends = (row["origin_lon"], row["origin_lat"], row["destination_lon"], row["destination_lat"])
        assert ends == pytest.approx((*middles[said[0], said[1]], *middles[said[2], said[3]]), abs=1e-9)

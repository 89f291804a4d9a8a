"""Scenes before the gate: every rule, broken and nearly broken, through files, receipts and the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pyogrio
import pytest
import rasterio.shutil
import yaml
from shapely import box

from cityhealth.catalogue import Catalogue, load
from cityhealth.feeds.imagery import ImageryFeed
from cityhealth.feeds.pipeline import load_arrival
from cityhealth.landing import LandingZone
from cityhealth.quality import Judgement, judge
from cityhealth.quality.scenes import SCENES
from cityhealth.quality.suites import load_suite
from cityhealth.settings import CITY_TIMEZONE, PROJECT_ROOT
from cityhealth.warehouse.connections import Warehouse
from made_rasters import NORTH, WEST, write
from small_city import small_city

RECEIVED = datetime(2021, 6, 8, 9, tzinfo=CITY_TIMEZONE)
KINDS = (
    "code,name_zh,name_en,feed,geometry,tiles,attributes,bands,parameters,basis,notes\n"
    "night_light,夜间灯光,Night light,imagery,,no,,radiance,,house,\n"
    "land_cover,地表覆盖分类,Land cover,imagery,,no,,class,,house,\n"
    "park,公园绿地,Park,layers,polygon,no,,,,house,\n"
)
STATED: Mapping[str, object] = {
    "kind": "night_light", "datum": "wgs84", "date": "2020-09-01", "source": "某卫星", "licence": "公开",
    "bands": {"radiance": 1},
}  # fmt: skip
COVER: Mapping[str, Any] = {"kind": "land_cover", "bands": {"class": 1}}
CLOUDS: Mapping[str, Any] = {"mask": {"file": "clouds.tif", "classes": {1: "cloud", 0: "clear"}}}

#: The city is 400 m by 400 m; a tile is 40 m by 40 m.
CITY = box(WEST - 200, NORTH - 200, WEST + 200, NORTH + 200)


def make_tiles(folder: Path) -> dict[str, bytes]:
    """Tiles by name: good ones are ``a``, ``b`` and ``edge``."""
    numbers = np.arange(1, 17, dtype="uint8").reshape(1, 4, 4)
    one_cell = np.where(numbers == 7, 7, 0).astype("uint8")
    noise = np.random.default_rng(1).integers(1, 255, (1, 300, 300), dtype="uint8")
    made = {
        "a": write(folder / "a", numbers),
        "b": write(folder / "b", numbers, west=WEST + 40),
        "other a": write(folder / "o", numbers + 1),
        "edge": write(folder / "e", numbers, west=WEST + 195),
        "beyond": write(folder / "f", numbers, west=WEST + 1000),
        "nothing": write(folder / "n", one_cell * 0, nodata=0),
        "one cell": write(folder / "c", one_cell, nodata=0),
        "noise": write(folder / "r", noise),
        "nowhere": write(folder / "w", numbers, crs=None),
        "degrees": write(folder / "d", numbers, crs="EPSG:4326"),
        "all clouds": write(folder / "k", np.ones((1, 4, 4), "uint8")),
        "a gap": write(folder / "g", (numbers != 6).astype("uint8")),
    }
    rasterio.shutil.copy(made["a"], folder / "z", driver="GTiff", COMPRESS="DEFLATE")
    tiles = {name: path.read_bytes() for name, path in made.items()}
    return tiles | {"a again": (folder / "z").read_bytes(), "half": tiles["noise"][:40_000], "huge": huge(folder)}


def huge(folder: Path) -> bytes:
    """A GeoTIFF of 2³¹ cells of which none is stored."""
    with rasterio.open(
        folder / "h", "w", driver="GTiff", width=65_536, height=32_768, count=1, dtype="uint8", crs="EPSG:32649",
        transform=rasterio.Affine(10, 0, WEST, 0, -10, NORTH), tiled=True, blockxsize=512, blockysize=512,
        SPARSE_OK=True,
    ):  # fmt: skip
        pass
    return (folder / "h").read_bytes()


@dataclass(frozen=True)
class Scene:
    """``tiles``: file name → which tile; ``failing``: the lines at fault, None for the scene as a whole."""

    tiles: Mapping[str, str] = field(default_factory=lambda: {"a.tif": "a"})
    failing: tuple[int | None, ...] = ()
    stated: Mapping[str, object] = field(default_factory=dict)
    filename: str = "scene.yml"
    main: bytes | None = None


def scene(*tiles: str, failing: tuple[int | None, ...] = (), clouds: str | None = None, **stated: Any) -> Scene:
    files = {f"{name}.tif": name for name in tiles or ("a",)}
    if clouds is not None:
        files["clouds.tif"] = clouds
    return Scene(files, failing, stated)


WHOLE = (None,)

#: rule → (what breaks it, what comes near and does not).
RULES: Mapping[str, tuple[Scene, Scene]] = {
    "kind_known": (scene(kind="moon_light", failing=WHOLE), scene(**COVER, classes={1: "water"})),
    "datum_usable": (scene(datum="gcj02", failing=WHOLE), scene(datum="cgcs2000")),
    "date_past": (scene(date="2021-06-09", failing=WHOLE), scene(date="2021-06-08")),
    "classes_given": (scene(**COVER, failing=WHOLE), scene(**COVER, classes={1: "forest"})),
    "classes_known": (
        scene(**COVER, classes={1: "builtup", 2: "water"}, failing=WHOLE),
        scene(**COVER, classes={1: "built_up", 2: "other"}),
    ),
    "classes_complete": (
        scene("a", "all clouds", **COVER, classes={1: "forest", 2: "water", 16: "other"}, failing=(1,)),
        scene("a", "all clouds", **COVER, classes={**dict.fromkeys(range(1, 16), "forest"), 16: "other"}),
    ),
    "tile_readable": (scene("a", "half", "nowhere", failing=(2, 3)), scene("a", "noise")),
    "tile_has_data": (scene("nothing", "a", failing=(1,)), scene("one cell", "a")),
    "bands_present": (scene("a", "b", bands={"light": 1}, failing=(1, 2)), scene(bands={"radiance": 1, "more": 1})),
    "scene_in_city": (scene("beyond", failing=WHOLE), scene("beyond", "a")),
    "tile_in_city": (scene("a", "beyond", failing=(2,)), scene("a", "edge")),
    "tile_repeated": (scene("a", "other a", "a again", failing=(3,)), scene("a", "other a", "b")),
    "any_clear": (scene(clouds="all clouds", **CLOUDS, failing=WHOLE), scene(clouds="a gap", **CLOUDS)),
}
MORE: Mapping[str, Scene] = {
    "no kind": scene(kind=None),
    "a layer": scene(kind="park"),
    "2^31 cells": scene("huge"),
    "metres as degrees": scene("degrees"),
    "nodata of another type": scene(nodata=300),
    "tile as main": Scene({"scene.yml": "a"}, filename="a.tif", main=b"II*\0and so on"),
    "no tiles": Scene({}),
    "bystander": scene("a", "b"),
}


@dataclass(frozen=True)
class Trial:
    """All scenes, judged in one call."""

    warehouse: Warehouse
    home: Path
    judgements: Mapping[tuple[str, bool], Judgement]

    def ask(self, query: str, *values: object) -> list[tuple]:
        with self.warehouse.connect("loader") as connection:
            return connection.execute(query, values or None).fetchall()  # type: ignore[arg-type]

    def failing_lines(self, rule: str, breaks: bool) -> list[int | None]:
        rows = self.ask(
            "select line_no from gate.failing_row where gate_run_id = %s and rule_code = %s order by line_no",
            self.judgements[rule, breaks].gate_run_id,
            rule,
        )
        return [row[0] for row in rows]

    def verdicts(self, rule: str, breaks: bool) -> dict[int, tuple[str, bool]]:
        rows = self.ask(
            "select line_no, verdict, marked from gate.scene_tile where gate_run_id = %s",
            self.judgements[rule, breaks].gate_run_id,
        )
        return {line: (verdict, marked) for line, verdict, marked in rows}

    def reasons(self, name: str) -> str:
        rows = self.ask(
            "select rule_code || reason_zh || advice_zh from gate.failing_row where gate_run_id = %s",
            self.judgements[name, True].gate_run_id,
        )
        return "；".join(text for (text,) in rows)

    def receipt(self, name: str) -> str:
        """All text of the receipt."""
        path = self.judgements[name, True].receipt_path
        assert path is not None
        book = openpyxl.load_workbook(path.removeprefix("file://"))
        return "\n".join(str(cell) for sheet in book for row in sheet.values for cell in row if cell is not None)


def gate_of(warehouse: Warehouse, city: Catalogue, home: Path, batches: list[str]) -> list[Judgement]:
    return judge(
        warehouse, batches, lambda day: city, PROJECT_ROOT / "expectations", LandingZone(str(home / "landing")),
        str(home / "outbox"), areas_path=home / "areas.gpkg",
    )  # fmt: skip


def load_scenes(warehouse: Warehouse, home: Path, scenes: list[Scene], tiles: Mapping[str, bytes]) -> list[str]:
    landing = LandingZone(str(home / "landing"))
    feed = ImageryFeed(landing)
    batches = []
    for number, it in enumerate(scenes, start=1):
        arrival = landing.land(
            it.main or yaml.safe_dump({**STATED, **it.stated}, allow_unicode=True).encode(),
            feed="imagery",
            filename=it.filename,
            received_at=RECEIVED + timedelta(minutes=number),
            department_text="市规划和自然资源局",
            attachments=[(filename, tiles[name]) for filename, name in it.tiles.items()],
        )
        batches.append(load_arrival(warehouse, landing, feed, arrival).batch_id)
    return batches


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder = tmp_path_factory.mktemp("city")
    small_city(folder)
    (folder / "layer_kinds.csv").write_text(KINDS, encoding="utf-8")
    return load(folder)


def new_home(home: Path) -> Path:
    """A folder with the city's boundaries."""
    outline = gpd.GeoSeries([CITY], crs=32649).to_crs(4490)
    frame = gpd.GeoDataFrame(
        {"code": ["100000"], "name_zh": ["某市"], "level": ["city"], "valid_from": [None]},
        geometry=outline.to_list(),
        crs=4490,
    )
    pyogrio.write_dataframe(frame, home / "areas.gpkg", layer="areas", driver="GPKG")
    return home


@pytest.fixture(scope="module")
def tiles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return make_tiles(tmp_path_factory.mktemp("tiles"))


@pytest.fixture(scope="module")
def gate(
    module_warehouse: Warehouse, city: Catalogue, tiles: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> Trial:
    home = new_home(tmp_path_factory.mktemp("home"))
    cases = {(rule, breaks): it for rule, pair in RULES.items() for breaks, it in zip((True, False), pair, strict=True)}
    cases |= {(name, True): it for name, it in MORE.items()}
    batches = load_scenes(module_warehouse, home, list(cases.values()), tiles)
    judgements = gate_of(module_warehouse, city, home, batches)
    return Trial(module_warehouse, home, dict(zip(cases, judgements, strict=True)))


def critical(rule: str) -> bool:
    return load_suite(PROJECT_ROOT / "expectations" / "scene_tile.yml", SCENES).rules[rule].severity == "critical"


def test_every_rule_has_a_case() -> None:
    assert set(load_suite(PROJECT_ROOT / "expectations" / "scene_tile.yml", SCENES).rules) == set(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_finds_just_the_tiles_or_the_scene_that_break_it(gate: Trial, rule: str) -> None:
    assert gate.failing_lines(rule, breaks=True) == list(RULES[rule][0].failing)
    assert gate.failing_lines(rule, breaks=False) == []


@pytest.mark.parametrize("rule", RULES)
def test_a_critical_rule_refuses_every_tile_of_the_scene_and_a_warning_none(gate: Trial, rule: str) -> None:
    verdicts = gate.verdicts(rule, breaks=True)
    if critical(rule):
        assert set(verdicts.values()) == {("refused", False)}
        assert gate.judgements[rule, True].verdict == "refused"
    else:
        marked = [line for line in RULES[rule][0].failing if line is not None]
        assert verdicts == {line: ("accepted", line in marked) for line in verdicts}
        assert gate.judgements[rule, True].verdict == "accepted"


@pytest.mark.parametrize("rule", RULES)
def test_what_only_comes_near_is_accepted_with_all_its_tiles(gate: Trial, rule: str) -> None:
    judgement = gate.judgements[rule, False]
    assert judgement.verdict == "accepted"
    assert judgement.rows_accepted == len(set(RULES[rule][1].tiles) - {"clouds.tif"})


def test_the_receipt_names_the_broken_tile_and_what_is_wrong_with_it(gate: Trial) -> None:
    text = gate.receipt("tile_readable")
    assert "half.tif" in text and "已损坏或传输不完整" in text
    assert "nowhere.tif" in text and "没有坐标系" in text
    assert "某卫星" not in text, "the manifest is not copied"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no kind", "没有写明影像类别"),
        ("a layer", "是矢量图层，不是影像"),
        ("2^31 cells", "没有任何有效像元（65536×32768）"),
        ("metres as degrees", "把米当作度"),
        ("nodata of another type", "无效值不是该影像像元类型可能取的值"),
        ("tile as main", "请以说明文件（.yml）为主文件"),
        ("no tiles", "没有影像"),
        ("kind_known", "night_light 夜间灯光、land_cover 地表覆盖分类"),
        ("bands_present", "缺少「night_light」影像所需的波段 radiance，现有 light"),
        ("tile_repeated", "「a again.tif」与「a.tif」的像元完全相同"),
        ("classes_known", "类别 builtup 不能识别"),
        ("classes_complete", "「a.tif」有 81.2% 的像元，其值（3、4、5、6、7 等）在 classes 中没有写明"),
    ],
)
def test_what_is_wrong_is_said_with_what_is_to_be_done(gate: Trial, name: str, said: str) -> None:
    assert said in gate.reasons(name)
    assert said in gate.receipt(name)


def test_what_was_seen_of_a_tile_is_kept(gate: Trial) -> None:
    kept = gate.ask(
        "select filename, kind, acquired, valid_share, cloud_share, sheet, length(pixel_hash) from gate.scene_tile"
        " where gate_run_id = %s",
        gate.judgements["any_clear", False].gate_run_id,
    )
    # One of sixteen cells is clear.
    assert kept == [("a.tif", "night_light", date(2020, 9, 1), 1.0, 15 / 16, "a.tif", 64)]


def test_tiles_in_are_the_accepted_and_the_refused_in_every_scene(gate: Trial) -> None:
    rows = gate.ask(
        "select run.rows_in, run.rows_accepted, run.rows_refused, run.rows_blank, batch.rows_read,"
        " count(*) filter (where tile.verdict = 'accepted'), count(*) filter (where tile.verdict = 'refused')"
        " from gate.run join raw.batch using (batch_id) left join gate.scene_tile as tile using (gate_run_id)"
        " group by run.gate_run_id, batch.batch_id"
    )
    assert len(rows) == len(gate.judgements)
    for rows_in, accepted, refused, blank, read, kept_accepted, kept_refused in rows:
        assert rows_in == accepted + refused == read and blank == 0
        assert (kept_accepted, kept_refused) == (accepted, refused)
        assert not (accepted and refused), "a scene lands whole or not at all"


def test_every_reason_and_advice_is_filled_in(gate: Trial) -> None:
    texts = gate.ask("select distinct rule_code, reason_zh || advice_zh from gate.failing_row")
    assert {code for code, _ in texts} == {*RULES, "file_readable"}
    for code, text in texts:
        for hole in ("{", "None", "nan", "「」"):
            assert hole not in text, (code, text)


def test_a_scene_among_bad_ones_gets_the_judgement_that_it_gets_alone(
    gate: Trial, warehouse: Warehouse, city: Catalogue, tiles: dict[str, bytes], tmp_path: Path
) -> None:
    home = new_home(tmp_path)
    (batch,) = load_scenes(warehouse, home, [MORE["bystander"]], tiles)
    (alone,) = gate_of(warehouse, city, home, [batch])
    together = gate.judgements["bystander", True]
    same = replace(
        alone, batch_id=together.batch_id, gate_run_id=together.gate_run_id, receipt_path=together.receipt_path
    )
    assert same == together and together.verdict == "accepted" and together.warnings == 0


def test_judging_a_scene_again_changes_nothing(gate: Trial, city: Catalogue) -> None:
    before = gate.judgements["tile_repeated", True]
    (again,) = gate_of(gate.warehouse, city, gate.home, [before.batch_id])
    assert again == replace(before, already=True)

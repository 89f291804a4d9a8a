"""Scenes measured: small rasters whose answer is worked out by hand, and parts that make up the whole."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from itertools import permutations
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import yaml
from hypothesis import given, strategies as st
from pyproj import Geod
from shapely import box

from cityhealth.catalogue import Measurement
from cityhealth.errors import UnreadableFile
from cityhealth.landing import LandingZone
from cityhealth.measurement import scenes
from cityhealth.measurement.scenes import (
    Asked,
    SceneFiles,
    SceneValue,
    TileFile,
    answer_part,
    ask,
    from_json,
    measure_scene,
    open_mosaic,
    parts,
    rest_of,
    scene_files,
    to_json,
)
from cityhealth.measurement.values import MeasurementError
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.spatial.manifest import Manifest
from cityhealth.spatial.rasters import Amount, Condition, Partial, combine, zonal
from made_rasters import NORTH, WEST, write

STATED = {"datum": "wgs84", "date": "2020-09-01", "source": "某卫星", "licence": "公开"}
NAMES = {1: "built_up", 2: "forest", 3: "water"}
COVER = {"kind": "land_cover", "bands": {"class": 1}, "classes": NAMES}


def manifest(**stated) -> Manifest:
    return Manifest(**{**STATED, **stated})


def measurement(code: str, method: str, **parameters: str) -> Measurement:
    return Measurement(
        code=code, item_code="item", feed="imagery", layer_kinds=("kind",), method=method, version=1,
        parameters=parameters, basis="house",
    )  # fmt: skip


def cells(columns: tuple[float, float], rows: tuple[float, float], cell: float = 10):
    """The rectangle of these cells, counted from the north-west corner."""
    return box(WEST + columns[0] * cell, NORTH - rows[1] * cell, WEST + columns[1] * cell, NORTH - rows[0] * cell)


def shapes(**outlines) -> gpd.GeoSeries:
    return gpd.GeoSeries(outlines, crs=32649).to_crs(4490)


def km2(shape) -> float:
    """True area by another library than ours."""
    return abs(Geod(ellps="GRS80").geometry_area_perimeter(shape)[0]) / 1e6


def files(stated: Manifest, *tiles: Path, mask: Path | None = None) -> SceneFiles:
    cover = (mask, mask.name) if mask else None
    return SceneFiles(stated, tuple(TileFile(path, path.name, path.name, cover) for path in tiles))


def answers(scene: SceneFiles, asked: Asked) -> list[dict[str, Partial]]:
    assert asked.question is not None
    with open_mosaic(scene) as raster:
        return [answer_part(raster, n, asked.units, asked.question) for n in range(parts(raster, asked.units))]


def measured(scene: SceneFiles, outlines: gpd.GeoSeries, *wanted: Measurement) -> dict[str, Mapping[str, SceneValue]]:
    own = [code for code in outlines.index if code != "around"]
    stated = scene.manifest
    asked = ask(wanted, {m.code: own for m in wanted}, outlines, stated, stated.bands or {"band_1"})
    assert not asked.problems
    return {code: it.values for code, it in measure_scene(asked, stated, answers(scene, asked)).items()}


def test_classes_are_measured_by_share_and_true_area(tmp_path: Path) -> None:
    tile = write(tmp_path / "a.tif", np.array([[[1, 1, 2, 2], [1, 2, 2, 3]]], dtype="uint8"))
    outlines = shapes(u=cells((0, 4), (0, 2)), half=cells((0, 1.5), (0, 1)))
    found = measured(
        files(manifest(**COVER), tile),
        outlines,
        measurement("forest", "class_area", classes="forest"),
        measurement("built", "class_share", classes="built_up"),
    )
    assert found["forest"]["u"].number == pytest.approx(km2(outlines["u"]) * 4 / 8, rel=1e-5)
    assert found["forest"]["u"].unit == "平方公里"
    assert found["forest"]["half"].number == 0
    assert found["built"]["u"].number == pytest.approx(100 * 3 / 8, rel=1e-6)
    assert found["built"]["half"].number == pytest.approx(100, rel=1e-6)
    assert found["built"]["u"].valid_share == pytest.approx(1, abs=1e-6) and found["built"]["u"].cloud_share == 0


def test_an_area_in_web_mercator_is_not_stretched(tmp_path: Path) -> None:
    outline = gpd.GeoSeries({"u": box(12_560_000, 4_230_000, 12_560_040, 4_230_040)}, crs=3857).to_crs(4490)
    tile = write(tmp_path / "a.tif", np.ones((1, 4, 4), "uint8"), crs="EPSG:3857", west=12_560_000, north=4_230_040)
    found = measured(files(manifest(**COVER), tile), outline, measurement("m", "class_area", classes="built_up"))
    number = found["m"]["u"].number
    assert number is not None and number < 0.75 * 1600e-6
    assert number == pytest.approx(km2(outline["u"]), rel=1e-3)


def test_an_index_is_measured_with_the_scale_of_its_bands(tmp_path: Path) -> None:
    # Reflectances 0.2, 0.1 / 0.3, 0.6: NDVI is 0.2 and 0.714; without the offset it would be 1/3 and 0.6.
    red, nir = [[3000, 2000]], [[4000, 7000]]
    tile = write(tmp_path / "a.tif", np.array([red, nir], dtype="uint16"))
    stated = manifest(kind="optical", bands={"red": 1, "nir": 2}, scale=0.0001, offset=-0.1)
    outlines = shapes(u=cells((0, 2), (0, 1)))
    found = measured(files(stated, tile), outlines, measurement("green", "index_area", index="ndvi", above="0.3"))
    assert found["green"]["u"].number == pytest.approx(km2(outlines["u"]) / 2, rel=1e-5)


def test_reflectances_below_zero_are_not_known_and_lower_the_share_that_is_valid(tmp_path: Path) -> None:
    # Reflectances after the offset: red -0.01, 0.02, 0.05, 0.05; near infrared -0.03, -0.01, 0.3, 0.05.
    tile = write(tmp_path / "a.tif", np.array([[[900, 1200, 1500, 1500]], [[700, 900, 4000, 1500]]], dtype="uint16"))
    stated = manifest(kind="optical", bands={"red": 1, "nir": 2}, scale=0.0001, offset=-0.1)
    outlines = shapes(u=cells((0, 4), (0, 1)))
    wanted = measurement("green", "index_area", index="ndvi", above="0.3"), measurement("n", "band_total", band="nir")
    found = measured(files(stated, tile), outlines, *wanted)
    assert found["green"]["u"].number == pytest.approx(km2(outlines["u"]) / 2, rel=1e-5)
    assert found["green"]["u"].valid_share == pytest.approx(0.5, abs=1e-6)
    assert found["n"]["u"].valid_share == pytest.approx(1, abs=1e-6), "of a band every number is known"


def test_the_scale_in_the_file_counts_where_the_manifest_is_silent(tmp_path: Path) -> None:
    tile = write(tmp_path / "a.tif", np.full((1, 2, 2), 10, "uint8"), scale=0.5, offset=1.0)
    stated = manifest(kind="night_light", bands={"radiance": 1})
    found = measured(
        files(stated, tile), shapes(u=cells((0, 2), (0, 2))), measurement("n", "band_total", band="radiance")
    )
    assert found["n"]["u"].number == pytest.approx(4 * 6, rel=1e-6)


def test_night_light_counts_cells_by_the_part_that_lies_inside(tmp_path: Path) -> None:
    tile = write(tmp_path / "a.tif", np.array([[[10, 20], [30, 40]]], dtype="float32"))
    stated = manifest(kind="night_light", bands={"radiance": 1})
    outlines = shapes(u=cells((0, 1.25), (0.5, 2)))
    found = measured(files(stated, tile), outlines, measurement("n", "band_total", band="radiance"))
    # Half of 10, a quarter of half of 20, all of 30, a quarter of 40.
    assert found["n"]["u"].number == pytest.approx(5 + 2.5 + 30 + 10, rel=1e-6)
    assert found["n"]["u"].unit == "夜光辐亮度"


def test_heat_is_the_unit_against_what_is_left_of_the_area_around_it(tmp_path: Path) -> None:
    tile = write(tmp_path / "a.tif", np.array([[[310, 306, 300], [310, 302, 301]]], dtype="float32"))
    stated = manifest(kind="surface_temperature", bands={"temperature": 1})
    outlines = shapes(u=cells((0, 1), (0, 2)), around=cells((0, 3), (0, 2)))
    heat = measurement("heat", "band_contrast", band="temperature", around="around")
    found = measured(files(stated, tile), outlines, heat)
    # 310 inside; (306 + 300 + 302 + 301) / 4 = 302.25 in the rest.
    assert found["heat"]["u"].number == pytest.approx(7.75, abs=1e-4) and found["heat"]["u"].unit == "开尔文"


def test_growth_is_measured_against_the_earlier_scene(tmp_path: Path) -> None:
    now = write(tmp_path / "now.tif", np.array([[[1, 1, 1, 2]]], dtype="uint8"))
    then = write(tmp_path / "then.tif", np.array([[[5, 6, 6, 6]]], dtype="uint8"))
    before = manifest(**{**COVER, "classes": {5: "built_up", 6: "cropland"}, "date": "2018-09-01"})
    outlines = shapes(u=cells((0, 4), (0, 1)))
    wanted = [measurement("growth", "class_growth", classes="built_up")]
    asked = ask(wanted, {"growth": ["u"]}, outlines, manifest(**COVER), ["class"])
    own = answers(files(manifest(**COVER), now), asked)
    outcome = measure_scene(asked, manifest(**COVER), own, (before, answers(files(before, then), asked)))["growth"]
    assert outcome.values["u"].number == pytest.approx(km2(outlines["u"]) / 2, rel=1e-5)
    alone = measure_scene(asked, manifest(**COVER), own)["growth"]
    assert alone.values == {} and alone.problem_zh == "没有更早的影像可以比较"


def test_of_a_comparison_the_shares_are_those_of_the_worse_side(tmp_path: Path) -> None:
    now = write(tmp_path / "now.tif", np.array([[[1, 1, 1, 2]]], dtype="uint8"))
    then = write(tmp_path / "then.tif", np.array([[[1, 1, 2, 0]]], dtype="uint8"), nodata=0)
    asked = ask(
        [measurement("g", "class_growth", classes="built_up")], {"g": ["u"]}, shapes(u=cells((0, 4), (0, 1))),
        manifest(**COVER), ["class"],
    )  # fmt: skip
    stated = manifest(**COVER)
    own, before = answers(files(stated, now), asked), answers(files(stated, then), asked)
    value = measure_scene(asked, stated, own, (stated, before))["g"].values["u"]
    assert value.valid_share == pytest.approx(0.75, abs=1e-6) and value.cloud_share == 0


def test_clouds_lower_the_share_that_is_valid_and_not_the_area(tmp_path: Path) -> None:
    tile = write(tmp_path / "a.tif", np.array([[[1, 1, 2, 2], [1, 1, 2, 2]]], dtype="uint8"))
    # A mask of half the resolution: 20 m, the right half is cloud.
    mask = write(tmp_path / "scl.tif", np.array([[[4, 9]]], dtype="uint8"), cell=20)
    stated = manifest(**COVER, mask={"file": "scl.tif", "rule": "scl"})
    outlines = shapes(u=cells((1, 4), (0, 2)))
    found = measured(
        files(stated, tile, mask=mask), outlines, measurement("b", "class_area", classes="built_up"),
        measurement("f", "class_area", classes="forest"),
    )  # fmt: skip
    built, forest = found["b"]["u"], found["f"]["u"]
    assert built.number == pytest.approx(km2(outlines["u"]), rel=1e-5) and forest.number == 0
    assert built.valid_share == pytest.approx(1 / 3, abs=1e-6) and built.cloud_share == pytest.approx(2 / 3, abs=1e-6)


def test_a_scene_wholly_under_clouds_has_shares_and_no_numbers(tmp_path: Path) -> None:
    tile = write(tmp_path / "a.tif", np.ones((1, 4, 4), "uint8"))
    mask = write(tmp_path / "m.tif", np.full((1, 4, 4), 1, "uint8"))
    stated = manifest(**COVER, mask={"file": "m.tif", "classes": {1: "cloud"}})
    found = measured(
        files(stated, tile, mask=mask), shapes(u=cells((0, 4), (0, 4))), measurement("m", "class_area", classes="water")
    )
    assert found["m"] == {"u": SceneValue(None, "平方公里", 0.0, 1.0, "影像上没有看见这个区域")}


def test_a_unit_off_the_scene_has_no_number_and_no_clouds(tmp_path: Path) -> None:
    tile = write(tmp_path / "a.tif", np.ones((1, 4, 4), "uint8"))
    found = measured(
        files(manifest(**COVER), tile), shapes(u=cells((0, 4), (0, 4)), off=cells((90, 94), (0, 4))),
        measurement("m", "class_share", classes="built_up"),
    )  # fmt: skip
    assert found["m"]["off"] == SceneValue(None, "%", 0.0, None, "影像没有覆盖这个区域")


@pytest.mark.parametrize(("across", "said"), [(39, None), (41, "影像没有覆盖这个区域")])
def test_an_area_that_the_scene_barely_touches_is_not_covered(tmp_path: Path, across: int, said: str | None) -> None:
    # Two of its cells are recorded, of which one is cloud: it lies in the scene, if hardly seen, from 5 % on.
    tile = write(tmp_path / "a.tif", np.array([[[1, 1]]], dtype="uint8"))
    mask = write(tmp_path / "m.tif", np.array([[[1, 0]]], dtype="uint8"))
    stated = manifest(**COVER, mask={"file": "m.tif", "classes": {1: "cloud", 0: "clear"}})
    outlines, wanted = shapes(u=cells((0, across), (0, 1))), measurement("m", "class_share", classes="built_up")
    value = measured(files(stated, tile, mask=mask), outlines, wanted)["m"]["u"]
    assert value.problem_zh == said and value.number == (None if said else pytest.approx(100))
    assert (value.valid_share, value.cloud_share) == (pytest.approx(1 / across, rel=1e-4), pytest.approx(0.5, rel=1e-4))


def test_a_comparison_needs_both_sides_covered(tmp_path: Path) -> None:
    now = write(tmp_path / "now.tif", np.ones((1, 1, 30), "uint8"))
    then = write(tmp_path / "then.tif", np.ones((1, 1, 1), "uint8"))
    outlines, stated = shapes(u=cells((0, 30), (0, 1))), manifest(**COVER)
    asked = ask([measurement("g", "class_growth", classes="built_up")], {"g": ["u"]}, outlines, stated, ["class"])
    own, before = (answers(files(stated, tile), asked) for tile in (now, then))
    value = measure_scene(asked, stated, own, (stated, before))["g"].values["u"]
    assert (value.number, value.problem_zh) == (None, "更早的影像没有覆盖这个区域")


def test_heat_needs_the_surroundings_covered(tmp_path: Path) -> None:
    tile = write(tmp_path / "a.tif", np.full((1, 1, 3), 300, "float32"))
    stated = manifest(kind="surface_temperature", bands={"temperature": 1})
    outlines = shapes(u=cells((0, 2), (0, 1)), around=cells((0, 90), (0, 1)))
    heat = measurement("heat", "band_contrast", band="temperature", around="around")
    value = measured(files(stated, tile), outlines, heat)["heat"]["u"]
    assert (value.number, value.problem_zh) == (None, "影像没有覆盖这个区域的周边")


def test_areas_that_lie_all_off_the_scene_make_no_part_and_no_number(tmp_path: Path) -> None:
    scene = files(manifest(**COVER), write(tmp_path / "a.tif", np.ones((1, 4, 4), "uint8")))
    wanted = measurement("m", "class_area", classes="built_up"), measurement("n", "band_total", band="class")
    found = measured(scene, shapes(off=cells((90, 94), (0, 4))), *wanted)
    assert [found[code]["off"].number for code in "mn"] == [None, None]
    assert found["m"]["off"] == SceneValue(None, "平方公里", 0.0, None, "影像没有覆盖这个区域")


def test_a_wrong_nodata_does_not_pass_for_ground(tmp_path: Path) -> None:
    tile = write(tmp_path / "a.tif", np.array([[[1, 255]]], dtype="uint8"))
    outlines, wanted = shapes(u=cells((0, 2), (0, 1))), measurement("m", "class_share", classes="built_up")
    right = measured(files(manifest(**COVER, nodata=255), tile), outlines, wanted)["m"]["u"]
    assert (right.number, right.valid_share) == (pytest.approx(100), pytest.approx(0.5, abs=1e-6))
    with pytest.raises(UnreadableFile) as caught:
        measured(files(manifest(**COVER, nodata=-1), tile), outlines, wanted)
    assert caught.value.code == "wrong_nodata"


def test_a_fill_that_nobody_declared_is_not_seen_and_halves_no_class(tmp_path: Path) -> None:
    tile = write(tmp_path / "a.tif", np.array([[[0, 0, 1, 2]]], dtype="uint8"))
    outlines, wanted = shapes(u=cells((0, 4), (0, 1))), measurement("m", "class_share", classes="built_up")
    value = measured(files(manifest(**COVER), tile), outlines, wanted)["m"]["u"]
    assert (value.number, value.valid_share) == (pytest.approx(50), pytest.approx(0.5, abs=1e-6))
    named = manifest(**{**COVER, "classes": {**NAMES, 0: "other"}})
    value = measured(files(named, tile), outlines, wanted)["m"]["u"]
    assert (value.number, value.valid_share) == (pytest.approx(25), pytest.approx(1, abs=1e-6))


def test_where_tiles_overlap_a_cell_counts_once_and_the_order_does_not_matter(tmp_path: Path) -> None:
    left = write(tmp_path / "left.tif", np.array([[[10, 10, 1]]], dtype="float32"))
    right = write(tmp_path / "right.tif", np.array([[[2, 20, 20]]], dtype="float32"), west=WEST + 20)
    stated = manifest(kind="night_light", bands={"radiance": 1})
    outlines, wanted = shapes(u=cells((0, 5), (0, 1))), measurement("n", "band_total", band="radiance")
    both = [measured(files(stated, *order), outlines, wanted)["n"]["u"] for order in permutations((left, right))]
    # In the cell of both the tile with the smaller sha256 (here: name) stands.
    assert both[0] == both[1] and both[0].number == pytest.approx(10 + 10 + 1 + 20 + 20, rel=1e-6)


def test_a_tile_that_is_cut_off_is_refused_by_name(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.tif", np.random.default_rng(1).integers(0, 9, (1, 300, 300), dtype="uint8"))
    cut = tmp_path / "cut.tif"
    cut.write_bytes(whole.read_bytes()[:40_000])
    with pytest.raises(UnreadableFile, match=r"cut\.tif") as caught, open_mosaic(files(manifest(**COVER), cut)):
        pass
    assert caught.value.code == "damaged"


def test_two_to_the_31_cells_without_data_are_refused_without_memory(tmp_path: Path) -> None:
    path = tmp_path / "huge.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=65_536, height=32_768, count=1, dtype="float32", crs="EPSG:32649",
        transform=rasterio.Affine(10, 0, WEST, 0, -10, NORTH), tiled=True, blockxsize=512, blockysize=512,
        SPARSE_OK=True,
    ):  # fmt: skip
        pass
    script = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from cityhealth.errors import UnreadableFile\n"
        "from cityhealth.measurement.scenes import *\n"
        "from cityhealth.spatial.manifest import Manifest\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        f"stated = Manifest(**{manifest_arguments()!r})\n"
        "before = peak()\n"
        "try:\n"
        "    with open_mosaic(SceneFiles(stated, (TileFile(Path(sys.argv[1]), 'huge.tif', '0'),))): pass\n"
        "except UnreadableFile as error:\n"
        "    print(error.code, (peak() - before) // 1024)\n"
    )
    said = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True).stdout
    code, mib = said.split()
    assert code == "no_data" and int(mib) < 200, "8 GiB would be its cells"


def manifest_arguments() -> dict:
    return {**STATED, "kind": "night_light", "bands": {"radiance": 1}}


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> SceneFiles:
    """1,500 × 1,200 cells in two tiles that overlap."""
    folder = tmp_path_factory.mktemp("large")
    numbers = np.random.default_rng(3).integers(1, 4, (1, 1200, 900), dtype="uint8")
    tiles = [write(folder / "w.tif", numbers), write(folder / "e.tif", numbers[:, ::-1], west=WEST + 6000)]
    return files(manifest(**COVER), *tiles)


OUTLINES = shapes(a=cells((3.3, 700.7), (5, 1100)), b=cells((700.7, 1499), (5, 640.5)), c=cells((9000, 9010), (0, 9)))


@pytest.fixture(scope="module")
def asked() -> Asked:
    wanted = [measurement(name, "class_area", classes=name) for name in NAMES.values()]
    return ask(wanted, {m.code: list(OUTLINES.index) for m in wanted}, OUTLINES, manifest(**COVER), ["class"])


@pytest.mark.parametrize("size", [1, 2, 5, 64])
def test_parts_make_up_the_whole_in_any_order(
    large: SceneFiles, asked: Asked, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scenes, "PART_WINDOWS", size)
    assert asked.question is not None
    with open_mosaic(large) as raster:
        whole = zonal(raster, asked.units, asked.question)
        count = parts(raster, asked.units)
    # 9 windows of 512 × 512, of which the one in the south-east has no unit.
    assert count == -(-8 // size)
    found = answers(large, asked)
    for order in (found, found[::-1], found[1::2] + found[0::2]):
        together = combine(*order)
        assert together.keys() == whole.keys()
        for code, partial in together.items():
            assert partial.unit_m2 == whole[code].unit_m2
            assert partial.recorded_m2 == pytest.approx(whole[code].recorded_m2, rel=1e-12)
            assert partial.classes == pytest.approx(whole[code].classes, rel=1e-12)


def test_areas_of_a_scene_of_many_windows_are_those_that_numpy_counts(large: SceneFiles, asked: Asked) -> None:
    west, east = (rasterio.open(tile.path).read(1) for tile in large.tiles)
    # Columns 600 to 900 lie in both, of which e.tif comes first.
    grid = np.hstack([west[:, :600], east])
    partial = combine(*answers(large, asked))["a"]
    weights = np.zeros(grid.shape)
    weights[5:1100, 4:700] = 1
    weights[5:1100, 3], weights[5:1100, 700] = 0.7, 0.7
    for code in NAMES:
        assert partial.classes[code] == pytest.approx(100 * weights[grid == code].sum(), rel=1e-5)


amounts = st.builds(Amount, *[st.floats(allow_nan=False, allow_infinity=False)] * 4)
conditions = st.builds(Condition, *[st.floats(0, 1e12)] * 2)
partials = st.builds(
    Partial,
    *[st.floats(0, 1e12)] * 3,
    amounts=st.dictionaries(st.text(), amounts, max_size=3),
    conditions=st.dictionaries(st.text(), conditions, max_size=3),
    classes=st.dictionaries(st.integers(-1000, 1000), st.floats(0, 1e12), max_size=3),
)


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), partials, max_size=4))
def test_answers_in_json_are_the_very_same_numbers(found: dict[str, Partial]) -> None:
    assert from_json(to_json(found)) == found
    assert to_json(dict(reversed(found.items()))) == to_json(found)
    json.loads(to_json(found))


@given(st.lists(st.dictionaries(st.sampled_from("abc"), partials), max_size=5), st.randoms(use_true_random=False))
def test_partials_add_up_to_the_same_in_any_order(found: list[dict[str, Partial]], random) -> None:
    shuffled = random.sample(found, len(found))
    one, other = combine(*found), combine(*shuffled)
    assert one.keys() == other.keys()
    for code, partial in one.items():
        assert partial.unit_m2 == other[code].unit_m2
        assert partial.recorded_m2 == pytest.approx(other[code].recorded_m2, rel=1e-12)
        assert partial.classes == pytest.approx(other[code].classes, rel=1e-12)
        assert partial.conditions.keys() == other[code].conditions.keys()


def test_several_measurements_are_one_question_and_keep_their_own_answers(tmp_path: Path) -> None:
    tile = write(tmp_path / "a.tif", np.array([[[100, 100]], [[150, 300]]], dtype="uint16"))
    stated = manifest(kind="optical", bands={"red": 1, "nir": 2})
    outlines = shapes(u=cells((0, 2), (0, 1)))
    found = measured(
        files(stated, tile), outlines, measurement("more", "index_area", index="ndvi", above="0.3"),
        measurement("some", "index_area", index="ndvi", above="0.1"), measurement("sum", "band_total", band="nir"),
    )  # fmt: skip
    assert found["some"]["u"].number == pytest.approx(2 * (found["more"]["u"].number or 0), rel=1e-9)
    assert found["sum"]["u"].number == pytest.approx(450, rel=1e-6)


def test_what_a_scene_cannot_answer_is_said_and_the_rest_is_measured() -> None:
    wanted = [
        measurement("crops", "class_area", classes="cropland"),
        measurement("heat", "band_contrast", band="class", around="nowhere"),
        measurement("light", "band_total", band="radiance"),
        measurement("water", "class_area", classes="water"),
    ]
    asked = ask(wanted, {m.code: ["a"] for m in wanted}, OUTLINES, manifest(**COVER), ["class"])
    assert asked.problems == {
        "crops": "影像的类别中没有 cropland",
        "heat": "没有区域 nowhere 的边界",
        "light": "影像没有波段 radiance",
    }
    assert [m.code for m in asked.measurements] == ["water"] and list(asked.units.index) == ["a"]
    assert measure_scene(asked, manifest(**COVER), [])["crops"].problem_zh == "影像的类别中没有 cropland"


def test_areas_without_a_shape_are_not_asked_about() -> None:
    asked = ask([measurement("w", "class_area", classes="water")], {"w": ["x"]}, OUTLINES, manifest(**COVER), ["class"])
    assert asked.question is None and asked.areas == {"w": ()}
    assert measure_scene(asked, manifest(**COVER), [])["w"].values == {}


@pytest.mark.parametrize(("method", "said"), [("class_volume", "no method class_volume"), ("class_area", "w: classes")])
def test_a_fault_of_the_catalogue_is_no_fault_of_the_scene(method: str, said: str) -> None:
    with pytest.raises(MeasurementError, match=said):
        ask([measurement("w", method)], {"w": ["a"]}, OUTLINES, manifest(**COVER), ["class"])


def test_the_hash_of_a_question_changes_with_what_is_asked_and_of_what() -> None:
    def hashed(code: str, outlines: gpd.GeoSeries) -> str:
        heat = measurement("heat", "band_contrast", band="class", around="b")
        wanted = [measurement(code, "band_total", band="class"), heat]
        return ask(wanted, {code: ["a"], "heat": ["a"]}, outlines, manifest(**COVER), ["class"]).hash

    moved = OUTLINES.translate(0.0001)
    assert hashed("w", OUTLINES) == hashed("w", OUTLINES[::-1])
    assert len({hashed("w", OUTLINES), hashed("v", OUTLINES), hashed("w", moved)}) == 3


def test_the_files_of_an_arrival_are_its_tiles_with_their_masks(tmp_path: Path) -> None:
    landing = LandingZone(str(tmp_path / "landing"))
    tile, mask = (
        write(tmp_path / "a.tif", np.ones((1, 2, 2), "uint8")),
        write(tmp_path / "m.tif", np.ones((1, 2, 2), "uint8")),
    )
    stated = {**STATED, **COVER, "mask": {"file": {"a.tif": "m.tif"}, "rule": "scl"}}
    arrival = landing.land(
        yaml.safe_dump(stated).encode(), feed="imagery", filename="s.yml",
        received_at=datetime(2021, 6, 8, tzinfo=CITY_TIMEZONE),
        attachments=[("a.tif", tile), ("m.tif", mask), ("b.tif", tile)],
    )  # fmt: skip
    with scene_files(landing, arrival) as found:
        assert [(it.filename, it.mask and it.mask[1]) for it in found.tiles] == [("a.tif", "m.tif"), ("b.tif", None)]
        assert found.manifest.kind == "land_cover" and found.tiles[0].path.read_bytes() == tile.read_bytes()


def test_the_rest_of_an_area_goes_by_both_codes() -> None:
    assert rest_of("140502", "140500-BUA") == "140502~140500-BUA"

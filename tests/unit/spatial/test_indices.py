"""Indices of surface kinds and the figures made of partial results, on numbers that can be worked out by hand."""

from __future__ import annotations

import pickle
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import box

from cityhealth.errors import UnreadableFile
from cityhealth.spatial.rasters import (
    Amount,
    BandValue,
    Condition,
    Partial,
    Question,
    indices,
    open_scene,
    read_class_table,
    zonal,
)
from made_rasters import NORTH, UTM, WEST, write

LAYERS = {"red": np.array([10.0, 30, 0, np.nan]), "nir": np.array([30.0, 10, 0, 5])}


def test_a_normalised_difference_is_unknown_where_both_bands_are_zero_or_one_is_not_known() -> None:
    found = indices.ndvi()(LAYERS)
    assert found[:2].tolist() == [0.5, -0.5]
    assert np.isnan(found[2:]).all()


def test_a_normalised_difference_of_what_is_below_zero_is_unknown_and_of_zero_and_something_is_not() -> None:
    # Unchecked these would be -2, 1.5, 0.5 (both negative) and infinite.
    layers = {"red": np.array([0.03, -0.01, -0.01, -0.2, 0, 0.1]), "nir": np.array([-0.01, 0.05, -0.03, 0.2, 0.1, 0])}
    found = indices.ndvi()(layers)
    assert np.isnan(found[:4]).all() and found[4:].tolist() == [1, -1]
    assert np.isnan(indices.BuiltUp()({**layers, "swir": np.full(6, 0.1)})[:4]).all()
    assert np.isnan(indices.BuiltUp()({"red": np.array([0.1]), "nir": np.array([0.1]), "swir": np.array([-0.01])}))


def test_the_indices_take_the_bands_in_the_order_of_their_formulas() -> None:
    layers = {"green": np.array([3.0]), "red": np.array([1.0]), "nir": np.array([2.0]), "swir": np.array([6.0])}
    assert indices.ndvi()(layers) == pytest.approx(1 / 3)
    assert indices.ndwi()(layers) == pytest.approx(1 / 5)
    assert indices.ndbi()(layers) == pytest.approx(4 / 8)
    assert indices.BuiltUp()(layers) == pytest.approx(1 / 2 - 1 / 3)


def test_a_threshold_itself_is_not_above_and_built_up_and_permeable_are_each_others_rest(tmp_path: Path) -> None:
    red, nir, swir = [[1, 1, 1, 5]], [[3, 1, 3, 3]], [[1, 1, 9, 8]]  # built-up index -1, 0, 0, > 0
    path = write(tmp_path / "a.tif", np.array([red, nir, swir], dtype="float32"), names=("red", "nir", "swir"))
    question = Question(
        conditions={
            "green": indices.vegetation(0.5),
            "built": indices.built_up(),
            "permeable": indices.permeable(),
        }
    )
    unit = gpd.GeoSeries({"a": box(WEST, NORTH - 10, WEST + 35, NORTH)}, crs=UTM)  # the last cell by half
    with open_scene(path, "a.tif") as scene:
        found = zonal(scene, unit, pickle.loads(pickle.dumps(question)))["a"]  # as a task in another process gets it
    assert indices.share(found, "green") == 0  # NDVI is 0.5 in two cells, no more
    assert indices.share(found, "built") == pytest.approx(50 / 350)
    assert indices.share(found, "permeable") == pytest.approx(300 / 350)
    assert indices.area_m2(found, "built") == pytest.approx(50)


def _partial(known: float, true: float, unit: float = 1000) -> Partial:
    return Partial(unit, conditions={"built": Condition(known, true)})


def test_expansion_compares_shares_since_clouds_differ_between_dates() -> None:
    assert indices.expansion(_partial(500, 100), _partial(1000, 300), "built") == pytest.approx((0.3 - 0.2) * 1000)
    assert indices.expansion(_partial(0, 0), _partial(1000, 300), "built") is None


def test_shares_of_classes_add_codes_of_one_name_and_keep_codes_that_the_table_lacks() -> None:
    partial = Partial(100, classes={1: 20.0, 2: 30.0, 3: 40.0, 99: 10.0})
    shares = indices.class_shares(partial, {1: "urban", 2: "urban", 3: "forest"})
    assert shares == pytest.approx({"urban": 0.5, "forest": 0.4, "99": 0.1})
    assert indices.class_area_m2(partial, [2, 3, 7]) == 70
    assert indices.class_shares(Partial(100), {}) == {}
    assert indices.class_area_m2(Partial(100), [1]) is None


def test_night_lights_are_summed_and_temperatures_compared_and_neither_is_zero_where_nothing_was_seen() -> None:
    city = Partial(100, amounts={"x": Amount(cells=2, m2=200, total=11, by_area=200 * 303.5)})
    around = Partial(100, amounts={"x": Amount(cells=1, m2=100, total=3, by_area=100 * 300)})
    unseen = Partial(100, amounts={"x": Amount()})
    assert indices.total(city, "x") == 11
    assert indices.contrast(city, around, "x") == pytest.approx(3.5)
    assert indices.total(unseen, "x") is None
    assert indices.contrast(city, unseen, "x") is None


def test_night_lights_of_neighbours_add_up_to_the_whole(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", np.array([[[4, 8], [2, 6]]], dtype="float32"))
    cut = WEST + 7  # through the first column
    units = {"w": box(WEST, NORTH - 20, cut, NORTH), "e": box(cut, NORTH - 20, WEST + 20, NORTH)}
    with open_scene(path, "a.tif") as scene:
        found = zonal(scene, gpd.GeoSeries(units, crs=UTM), Question(amounts={"light": BandValue("band_1")}))
    assert indices.total(found["w"], "light") == pytest.approx(0.7 * 6)
    assert indices.total(found["e"], "light") == pytest.approx(0.3 * 6 + 14)


def test_a_class_table_is_read_from_csv() -> None:
    data = "code,name\n1,建设用地\n2,林地\n".encode()
    assert read_class_table(data, "分类.csv", "code", "name") == {1: "建设用地", 2: "林地"}


@pytest.mark.parametrize(
    ("text", "filename"),
    [
        ("code,label\n1,a\n", "a.csv"),
        ("code,name\nx,a\n", "a.csv"),
        ("code,name\n1,a\n1,b\n", "a.csv"),
        ("code,name\n1,a\n", "a.txt"),
        ("no table", "a.dbf"),
    ],
)
def test_other_class_tables_are_refused(text: str, filename: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        read_class_table(text.encode(), filename, "code", "name")
    assert caught.value.code == "wrong_class_table"

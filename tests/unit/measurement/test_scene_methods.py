"""The methods of imagery: each number worked out by hand, and every parameter that cannot be taken."""

from __future__ import annotations

import pytest

from cityhealth.catalogue import load
from cityhealth.measurement.scene_methods import SCENE_METHODS, NotInScene, SceneInputs, SceneMethod, Seen
from cityhealth.measurement.values import MeasurementError
from cityhealth.settings import PROJECT_ROOT
from cityhealth.spatial.rasters import Amount, Condition, Partial

CLASSES = {1: "built_up", 2: "forest", 3: "grassland", 4: "water", 9: "other"}
#: Of 10 km² on paper 8 were seen.
COVER = Partial(10e6, 10e6, 2e6, classes={1: 2e6, 2: 1e6, 3: 3e6, 9: 2e6})
UNSEEN = Partial(10e6)


def method(name: str) -> SceneMethod:
    return SCENE_METHODS[name][1]


def inputs(partial: Partial, **more) -> SceneInputs:
    return SceneInputs(Seen({"u": partial}, CLASSES), {"u": 12e6}, **more)


def test_every_measurement_of_imagery_has_its_method_and_a_question() -> None:
    catalogue = load(PROJECT_ROOT / "dbt_project" / "seeds" / "jincheng")
    kinds = {kind.code: kind for kind in catalogue.layer_kinds}
    units = {item.code: item.unit for item in catalogue.items}
    found = [measurement for measurement in catalogue.measurements if measurement.feed == "imagery"]
    assert {measurement.method for measurement in found} == set(SCENE_METHODS)
    for measurement in found:
        kind, chosen = kinds[measurement.layer_kinds[0]], SCENE_METHODS[measurement.method][measurement.version]
        question = chosen.question(measurement.parameters, {1: "built_up", 2: "forest", 3: "water", 4: "cropland"})
        assert set(question.bands) <= set(kind.bands), "a scene of the kind has what is asked for"
        assert chosen.unit == units[measurement.item_code]


def test_an_area_of_classes_is_their_share_of_what_was_seen_times_the_true_area() -> None:
    parameters = {"classes": "forest|grassland"}
    # (1 + 3) of 8 km² seen; the unit's true area is 12 km².
    assert method("class_area").answer(inputs(COVER), parameters) == {"u": pytest.approx(6.0)}
    assert method("class_share").answer(inputs(COVER), parameters) == {"u": pytest.approx(50.0)}


def test_a_class_that_the_scene_does_not_have_adds_nothing() -> None:
    parameters = {"classes": "built_up|wetland"}
    assert method("class_share").question(parameters, CLASSES).classes == "class"
    assert method("class_share").answer(inputs(COVER), parameters) == {"u": pytest.approx(25.0)}


def test_a_code_without_a_name_was_not_seen_and_one_that_is_called_other_was() -> None:
    without = {code: name for code, name in CLASSES.items() if code != 9}
    seen = Seen({"u": COVER}, without)
    # 2 km² are clouds, 2 of the code 9; of the 6 left a third is built up.
    assert seen.partials["u"].valid_share == pytest.approx(0.6)
    assert seen.partials["u"].cloud_share == pytest.approx(2 / 8)
    found = method("class_share").answer(SceneInputs(seen, {"u": 12e6}), {"classes": "built_up"})
    assert found == {"u": pytest.approx(100 / 3)}
    assert Seen({"u": COVER}, CLASSES).partials["u"] == COVER


def test_a_unit_of_codes_without_a_name_was_not_seen_at_all() -> None:
    seen = Seen({"u": Partial(10e6, 10e6, classes={0: 10e6})}, CLASSES)
    assert (seen.partials["u"].valid_share, seen.partials["u"].cloud_share) == (0, None)
    assert method("class_area").answer(SceneInputs(seen, {"u": 12e6}), {"classes": "forest"}) == {"u": None}


def test_growth_is_of_shares_so_that_other_clouds_make_none() -> None:
    # Built up was half of the 4 km² seen then, a quarter of 8 now.
    before = Seen({"u": Partial(10e6, 4e6, classes={7: 2e6, 8: 2e6})}, {7: "built_up", 8: "forest"})
    parameters = {"classes": "built_up"}
    assert method("class_growth").answer(inputs(COVER, earlier=before), parameters) == {"u": pytest.approx(-3.0)}
    assert method("class_growth").compares and method("class_growth").answer(inputs(COVER), parameters) == {}


def test_growth_against_a_scene_without_the_class_is_not_measured() -> None:
    with pytest.raises(NotInScene, match="更早的影像的类别中没有 built_up"):
        method("class_growth").answer(inputs(COVER, earlier=Seen({"u": COVER}, {})), {"classes": "built_up"})


def test_an_index_area_is_the_share_where_it_holds_times_the_true_area() -> None:
    partial = Partial(10e6, 10e6, 2e6, conditions={"holds": Condition(8e6, 2e6)})
    assert method("index_area").answer(inputs(partial), {"index": "ndvi", "above": "0.3"}) == {"u": pytest.approx(3.0)}


def test_a_total_is_carried_on_to_what_was_not_seen() -> None:
    partial = Partial(10e6, 10e6, 2e6, amounts={"band": Amount(8, 8e6, 40.0, 40e6)})
    assert method("band_total").answer(inputs(partial), {"band": "radiance"}) == {"u": pytest.approx(50.0)}


def test_a_contrast_is_the_mean_inside_less_the_mean_of_the_rest() -> None:
    inside = Partial(10e6, amounts={"band": Amount(2, 2e6, 610, 610e6)})
    rest = {"u": Partial(50e6, amounts={"band": Amount(4, 4e6, 1200, 1200e6)})}
    parameters = {"band": "temperature", "around": "140502"}
    assert method("band_contrast").answer(inputs(inside, rest=rest), parameters) == {"u": pytest.approx(5.0)}


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("class_area", {"classes": "forest"}),
        ("class_share", {"classes": "forest"}),
        ("index_area", {"index": "ndvi", "above": "0.3"}),
        ("band_total", {"band": "radiance"}),
        ("band_contrast", {"band": "temperature", "around": "a"}),
    ],
)
def test_a_unit_of_which_nothing_was_seen_has_no_number(name: str, parameters: dict[str, str]) -> None:
    assert method(name).answer(inputs(UNSEEN, rest={"u": COVER}), parameters) == {"u": None}


def test_a_unit_whose_surroundings_were_not_seen_has_no_contrast() -> None:
    inside = Partial(10e6, amounts={"band": Amount(2, 2e6, 610, 610e6)})
    rest = {"u": Partial(50e6, amounts={"band": Amount()})}
    assert method("band_contrast").answer(inputs(inside, rest=rest), {}) == {"u": None}


@pytest.mark.parametrize(
    ("name", "parameters", "said"),
    [
        ("class_area", {}, "classes: not given"),
        ("class_area", {"classes": "forest|woods"}, "no class 'woods'"),
        ("class_area", {"classes": "forest", "above": "1"}, "no parameter above"),
        ("index_area", {"index": "evi", "above": "0"}, "no index 'evi'"),
        ("index_area", {"index": "ndvi"}, "neither it nor up_to"),
        ("index_area", {"index": "ndvi", "above": "much"}, "'much' is no number"),
        ("index_area", {"index": "ndvi", "above": "nan"}, "is no number"),
        ("band_total", {"band": " "}, "band: not given"),
        ("band_contrast", {"band": "temperature"}, "around: not given"),
    ],
)
def test_a_parameter_that_a_method_cannot_take_is_named(name: str, parameters: dict[str, str], said: str) -> None:
    with pytest.raises(MeasurementError, match=said) as caught:
        method(name).question(parameters, CLASSES)
    assert not isinstance(caught.value, NotInScene), "the catalogue is at fault, not the scene"


def test_a_scene_with_none_of_the_classes_is_told_apart_from_a_wrong_name() -> None:
    with pytest.raises(NotInScene, match="影像的类别中没有 cropland、wetland"):
        method("class_area").question({"classes": "wetland|cropland"}, CLASSES)


def test_a_threshold_holds_strictly_above_and_up_to() -> None:
    (test,) = method("index_area").question({"index": "ndwi", "above": "0.1", "up_to": "0.4"}, {}).conditions.values()
    assert (test.above, test.up_to, test.quantity.bands) == (0.1, 0.4, ("green", "nir"))

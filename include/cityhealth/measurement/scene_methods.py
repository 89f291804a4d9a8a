"""The methods of feed ``imagery``: what each asks of a scene's cells, and the number it makes of the answer.

Areas are the share of what was seen times the true area of the unit, so that clouds do not shrink them; how much was
seen stands beside each value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from cityhealth.measurement.values import MeasurementError, Parameters
from cityhealth.spatial.land_cover import CLASS_BAND, CLASSES
from cityhealth.spatial.rasters import BandValue, Partial, Question, Test
from cityhealth.spatial.rasters.indices import BuiltUp, NormalisedDifference, contrast, ndbi, ndvi, ndwi

#: Name of an index → it, over the bands of these names: red, nir, green, swir.
INDICES: Mapping[str, NormalisedDifference | BuiltUp] = {
    "ndvi": ndvi(),
    "ndwi": ndwi(),
    "ndbi": ndbi(),
    "built_up": BuiltUp(),
}

KM2, PERCENT, RADIANCE, KELVIN = "平方公里", "%", "夜光辐亮度", "开尔文"

#: Class code → name.
Classes = Mapping[int, str]
_HOLDS, _BAND = "holds", "band"


class NotInScene(MeasurementError):
    """What the measurement needs is not in this scene; the message (Chinese) stands where the value would."""


@dataclass(frozen=True)
class Seen:
    """What one scene showed of the units: area code → partial, under the names of the method's own question.

    Cells of which ``classes`` does not name the code are taken as not recorded (a fill that nobody declared, for one):
    what was seen and is none of our classes is named ``other``.
    """

    partials: Mapping[str, Partial]
    classes: Classes = field(default_factory=dict)

    def __post_init__(self) -> None:
        named = {area: _named_only(partial, self.classes) for area, partial in self.partials.items()}
        object.__setattr__(self, "partials", named)


def _named_only(partial: Partial, classes: Classes) -> Partial:
    if partial.classes.keys() <= classes.keys():
        return partial
    named = {code: area for code, area in partial.classes.items() if code in classes}
    return replace(partial, recorded_m2=partial.cloud_m2 + math.fsum(named.values()), classes=named)


@dataclass(frozen=True)
class SceneInputs:
    """What a method makes its numbers of.

    ``areas_m2``: area code → true area. ``earlier``: the scene before, None where there is none. ``rest``: area code →
    partial of what is left of the area ``around`` without that unit.
    """

    scene: Seen
    areas_m2: Mapping[str, float]
    earlier: Seen | None = None
    rest: Mapping[str, Partial] = field(default_factory=dict)


@dataclass(frozen=True)
class SceneMethod:
    """``question`` is put to every cell, ``answer`` gives area code → number in ``unit``, None where nothing was seen.

    ``question`` raises MeasurementError for a parameter that it cannot take, both raise NotInScene.

    ``compares``: it needs the scene before. ``around``: its parameter ``around`` names an area, of which what is not
    the unit is asked about, too.
    """

    unit: str
    question: Callable[[Parameters, Classes], Question]
    answer: Callable[[SceneInputs, Parameters], Mapping[str, float | None]]
    compares: bool = False
    around: bool = False


def _class_question(parameters: Parameters, classes: Classes) -> Question:
    _only(parameters, "classes")
    wanted = _wanted(parameters)
    if not wanted & set(classes.values()):
        raise NotInScene(f"影像的类别中没有 {'、'.join(sorted(wanted))}")
    return Question(classes=CLASS_BAND)


def _wanted(parameters: Parameters) -> set[str]:
    wanted = {name.strip() for name in _given(parameters, "classes").split("|")}
    if unknown := wanted - set(CLASSES):
        raise MeasurementError(f"classes: there is no class {', '.join(map(repr, sorted(unknown)))}")
    return wanted


def _class_share(partial: Partial, classes: Classes, parameters: Parameters) -> float | None:
    """Part, 0 to 1, of the area seen."""
    seen = math.fsum(partial.classes.values())
    wanted = _wanted(parameters)
    found = math.fsum(area for code, area in partial.classes.items() if classes.get(code) in wanted)
    return found / seen if seen else None


def _class_shares(scene: Seen, parameters: Parameters) -> dict[str, float | None]:
    return {area: _class_share(partial, scene.classes, parameters) for area, partial in scene.partials.items()}


def _class_share_values(inputs: SceneInputs, parameters: Parameters) -> Mapping[str, float | None]:
    return {area: _times(share, 100) for area, share in _class_shares(inputs.scene, parameters).items()}


def _class_area_values(inputs: SceneInputs, parameters: Parameters) -> Mapping[str, float | None]:
    return _km2(_class_shares(inputs.scene, parameters), inputs)


def _class_growth_values(inputs: SceneInputs, parameters: Parameters) -> Mapping[str, float | None]:
    if inputs.earlier is None:
        return {}
    if not (wanted := _wanted(parameters)) & set(inputs.earlier.classes.values()):
        raise NotInScene(f"更早的影像的类别中没有 {'、'.join(sorted(wanted))}")
    before, now = _class_shares(inputs.earlier, parameters), _class_shares(inputs.scene, parameters)
    return _km2({area: _less(now[area], before[area]) for area in now.keys() & before.keys()}, inputs)


def _index_question(parameters: Parameters, classes: Classes) -> Question:
    _only(parameters, "index", "above", "up_to")
    name = _given(parameters, "index")
    if name not in INDICES:
        raise MeasurementError(f"index: there is no index {name!r}; indices are: {', '.join(INDICES)}")
    if not {"above", "up_to"} & set(parameters):
        raise MeasurementError("above: neither it nor up_to is given")
    above, up_to = _number(parameters, "above", -math.inf), _number(parameters, "up_to", math.inf)
    return Question(conditions={_HOLDS: Test(INDICES[name], above, up_to)})


def _index_area_values(inputs: SceneInputs, parameters: Parameters) -> Mapping[str, float | None]:
    partials = inputs.scene.partials.items()
    return _km2({area: p.conditions[_HOLDS].share if _HOLDS in p.conditions else None for area, p in partials}, inputs)


def _total_question(parameters: Parameters, classes: Classes) -> Question:
    _only(parameters, "band")
    return Question(amounts={_BAND: BandValue(_given(parameters, "band"))})


def _contrast_question(parameters: Parameters, classes: Classes) -> Question:
    _only(parameters, "band", "around")
    _given(parameters, "around")
    return Question(amounts={_BAND: BandValue(_given(parameters, "band"))})


def _total_values(inputs: SceneInputs, parameters: Parameters) -> Mapping[str, float | None]:
    """Sums over cells, carried on to the whole unit as areas are."""
    return {area: _total(partial) for area, partial in inputs.scene.partials.items()}


def _total(partial: Partial) -> float | None:
    found = partial.amounts.get(_BAND)
    return found.total * (partial.unit_m2 / found.m2) if found and found.m2 else None


def _contrast_values(inputs: SceneInputs, parameters: Parameters) -> Mapping[str, float | None]:
    return {
        area: contrast(partial, inputs.rest[area], _BAND)
        if _BAND in partial.amounts and _BAND in inputs.rest[area].amounts
        else None
        for area, partial in inputs.scene.partials.items()
    }


def _km2(shares: Mapping[str, float | None], inputs: SceneInputs) -> dict[str, float | None]:
    return {area: _times(share, inputs.areas_m2[area] / 1e6) for area, share in shares.items()}


def _times(number: float | None, factor: float) -> float | None:
    return None if number is None else number * factor


def _less(number: float | None, other: float | None) -> float | None:
    return None if number is None or other is None else number - other


def _only(parameters: Parameters, *names: str) -> None:
    if unknown := sorted(set(parameters) - set(names)):
        raise MeasurementError(f"the method takes no parameter {', '.join(unknown)}")


def _given(parameters: Parameters, name: str) -> str:
    if not (text := parameters.get(name, "").strip()):
        raise MeasurementError(f"{name}: not given")
    return text


def _number(parameters: Parameters, name: str, otherwise: float) -> float:
    text = parameters.get(name)
    if text is None:
        return otherwise
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise MeasurementError(f"{name}: {text!r} is no number")
    return number


#: Method of ``measurements.csv`` → version → what it does.
SCENE_METHODS: Mapping[str, Mapping[int, SceneMethod]] = {
    "class_area": {1: SceneMethod(KM2, _class_question, _class_area_values)},
    "class_growth": {1: SceneMethod(KM2, _class_question, _class_growth_values, compares=True)},
    "class_share": {1: SceneMethod(PERCENT, _class_question, _class_share_values)},
    "index_area": {1: SceneMethod(KM2, _index_question, _index_area_values)},
    "band_total": {1: SceneMethod(RADIANCE, _total_question, _total_values)},
    "band_contrast": {1: SceneMethod(KELVIN, _contrast_question, _contrast_values, around=True)},
}

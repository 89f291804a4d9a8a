"""Plans of feed ``layers`` carried out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from geopandas import GeoSeries

from cityhealth.measurement.ground import Ground
from cityhealth.measurement.layer_methods import LAYER_METHODS
from cityhealth.measurement.plan import Plan
from cityhealth.measurement.rows import Outcome, Value
from cityhealth.measurement.values import LayerInputs, MeasurementError


def measure_layers(planned: Iterable[Plan], ground: Ground) -> Iterator[Outcome]:
    """The outcome of each plan. Raises MeasurementError where the catalogue names what no method can do."""
    for plan in planned:
        yield _measured(plan, ground)


def _measured(plan: Plan, ground: Ground) -> Outcome:
    if plan.missing_zh:
        return Outcome(plan, {}, {None: f"没有 {plan.year} 年底以前的图层：{plan.missing_zh}"})
    units, problems = ground.units(plan, plan.areas)
    if units.empty:
        return Outcome(plan, {}, problems)
    measurement = plan.measurement
    try:
        method = LAYER_METHODS[measurement.method][measurement.version]
    except KeyError:
        raise MeasurementError(
            f"measurements.csv：{measurement.code} 的方法 {measurement.method}（第 {measurement.version} 版）不存在"
        ) from None
    units, empty = _with_features(plan, units, ground)
    problems |= empty
    if units.empty:
        return Outcome(plan, {}, problems)
    layers = {kind: ground.features(source) for kind, source in plan.sources.items() if source is not None}
    try:
        measured = method(LayerInputs(layers, units), measurement.parameters)
    except MeasurementError as error:
        raise MeasurementError(f"measurements.csv：{measurement.code}：{error.message}") from error
    values = {code: Value(number, measured.unit) for code, number in measured.values.items()}
    return Outcome(plan, values, problems)


def _with_features(plan: Plan, units: GeoSeries, ground: Ground) -> tuple[GeoSeries, dict[str | None, str]]:
    """The units in which the measured layer has anything, and the reason for the others.

    A layer of one county says nothing of the next: nothing found there is no zero. Who knows that there is none reports
    a 0.
    """
    assert plan.measured is not None, "nothing is missing"
    tree = ground.features(plan.measured).sindex
    there = [len(tree.query(shape, predicate="intersects")) > 0 for shape in units]
    kind = plan.kind_names[plan.measured.kind]
    empty = {
        code: f"图层「{kind}」在这个区域内没有要素" for code, some in zip(units.index, there, strict=True) if not some
    }
    return units[there], dict(empty)

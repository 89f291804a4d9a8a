"""A build is made only where code, catalogue or judgements differ from the last whole one."""

from cityhealth.settings import Settings
from cityhealth.transform import build, build_if_changed
from cityhealth.warehouse.connections import Warehouse


def test_equal_inputs_are_built_once_and_a_partial_build_is_no_whole_one(warehouse: Warehouse) -> None:
    settings: Settings = warehouse.settings
    first = build_if_changed(warehouse, settings)
    assert first is not None
    assert build_if_changed(warehouse, settings) is None
    build(warehouse, settings, select="dim_area")
    again = build_if_changed(warehouse, settings)
    assert again is not None and again.build_id > first.build_id
    with warehouse.connect("admin") as connection:
        connection.execute("update ops.build set gate_hash = 'of other judgements'")
    assert build_if_changed(warehouse, settings) is not None

"""The duty list is written twice, in Python for workbooks and the gate, in SQL for the marts: they must agree."""

from cityhealth.catalogue import Catalogue
from cityhealth.settings import PROJECT_ROOT, from_environment
from cityhealth.transform.dbt import Project
from cityhealth.warehouse.connections import Warehouse


def test_the_marts_expect_of_each_department_what_its_workbook_asks_for(
    warehouse: Warehouse, catalogue: Catalogue
) -> None:
    settings = from_environment({"CITYHEALTH_HOME": str(warehouse.settings.home)})
    assert settings.project_root == PROJECT_ROOT
    Project(warehouse, settings).run(
        ["build", "--select", "+int_items_expected", "--resource-type", "seed", "--resource-type", "model"]
    )
    with warehouse.connect("transformer") as connection:
        expected = set(
            connection.execute(
                "select department_code, item_code, area_code, data_year from intermediate.int_items_expected"
                " where feed = 'departmental'"
            ).fetchall()
        )
    asked = {
        (department.code, duty.item.code, duty.area.code, duty.period.end.year)
        for department in catalogue.departments
        for duty in catalogue.duty_list(department.code)
    }
    assert len(asked) > 100
    assert expected == asked

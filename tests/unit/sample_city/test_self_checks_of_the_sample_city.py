"""The self-checks that the sample city's departments write."""

from __future__ import annotations

from datetime import datetime

import pytest

from cityhealth.catalogue import Catalogue
from cityhealth.sample_city import SampleFile
from cityhealth.sample_city.files import SelfCheckOddity
from cityhealth.sample_city.self_check import CONTRADICTIONS, generate_self_check
from cityhealth.settings import CITY_TIMEZONE


@pytest.fixture(scope="module")
def files(catalogue: Catalogue) -> list[SampleFile]:
    return generate_self_check(catalogue)


def test_some_twenty_departments_write_documents_and_workbooks_between_the_data_and_the_last_summary(
    files: list[SampleFile],
) -> None:
    assert len({file.department_text for file in files}) >= 20
    assert {file.filename.rsplit(".", 1)[1] for file in files} == {"docx", "xlsx"}
    first, last = (datetime(2021, month, day, tzinfo=CITY_TIMEZONE) for month, day in ((6, 21), (8, 4)))
    assert all(first <= file.received_at < last and file.received_at.weekday() < 5 for file in files)


def test_every_way_of_writing_is_there(files: list[SampleFile]) -> None:
    assert set().union(*(file.oddities for file in files)) == set(SelfCheckOddity)
    by_way = [way for file in files for way in file.oddities]
    assert by_way.count(SelfCheckOddity.NO_HEADINGS) == by_way.count(SelfCheckOddity.LACKS_SECTION) == 1
    assert by_way.count(SelfCheckOddity.CONTRADICTS) == len({planted.department for planted in CONTRADICTIONS})


def test_the_same_catalogue_and_seed_give_the_same_bytes(catalogue: Catalogue, files: list[SampleFile]) -> None:
    assert generate_self_check(catalogue) == files

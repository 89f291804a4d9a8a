from __future__ import annotations

import pytest

from cityhealth.catalogue import Catalogue
from cityhealth.quality.lookup import Lookup
from small_city import small_city


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return small_city(tmp_path_factory.mktemp("small_city"))


@pytest.fixture(scope="session")
def lookup(city: Catalogue) -> Lookup:
    return Lookup(city, city.examination(2021))

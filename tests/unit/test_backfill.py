"""Ranges that no backfill can fill are refused before Airflow is asked."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import cast

import pytest

from cityhealth.backfill import NothingToRun, start
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.stack import AirflowClient

#: Whatever is asked of it fails.
NOBODY = cast(AirflowClient, object())


def test_a_range_that_lies_in_the_future_is_called_so_and_today_is_named() -> None:
    today = datetime.now(CITY_TIMEZONE).date()
    first = today + timedelta(days=400)
    with pytest.raises(NothingToRun, match="lies in the future") as caught:
        start(NOBODY, "semimonthly_summary", first, first + timedelta(days=30), say=print)
    message = str(caught.value)
    assert str(today) in message and str(first) in message and str(first + timedelta(days=30)) in message


def test_days_in_the_wrong_order_are_said_as_they_were_given() -> None:
    with pytest.raises(NothingToRun, match="2021-06-06 is later than 2021-06-05"):
        start(NOBODY, "semimonthly_summary", date(2021, 6, 6), date(2021, 6, 5), say=print)

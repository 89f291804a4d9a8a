"""The month that is observed: four weeks of autumn with a Sunday worked for the holiday that follows."""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar
import numpy as np
from numpy.typing import NDArray

FIRST_DAY = date(2020, 9, 7)
DAYS = tuple(FIRST_DAY + timedelta(days=n) for n in range(30))
WORKED = np.array([chinese_calendar.is_workday(day) for day in DAYS])
#: Hours of heavy traffic on working days, as measurements.csv asks for them.
PEAK_HOURS = (7, 8, 17, 18)
#: Seconds from 1970-01-01 00:00 to the first midnight, both of local time.
START = (FIRST_DAY - date(1970, 1, 1)).days * 86_400

Seconds = NDArray[np.int64]


def at_peak(second: Seconds) -> NDArray[np.bool_]:
    """Whether seconds since the first midnight lie in a peak hour of a working day."""
    return WORKED[second // 86_400] & np.isin(second // 3_600 % 24, PEAK_HOURS)

"""A version is signed on a day that can be, and not behind a later version that was submitted."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from cityhealth.reports.examination.publish import NotToBeSigned, Report, _check_day, _check_later
from cityhealth.reports.examination.values import SignOff
from cityhealth.settings import CITY_TIMEZONE

DATA_AS_OF = datetime(2021, 8, 4, 16, 0, tzinfo=CITY_TIMEZONE)
REVIEWED = datetime(2021, 9, 20, 10, 0, tzinfo=CITY_TIMEZONE)
REPORT = Report(
    system="mohurd",
    year=2021,
    version=1,
    state="draft",
    content_hash="h",
    path="p",
    sha256="s",
    size_bytes=1,
    data_as_of=DATA_AS_OF,
    created_at=datetime(2026, 1, 1, tzinfo=CITY_TIMEZONE),
)
REVIEW = SignOff(
    system="mohurd",
    year=2021,
    version=1,
    state="expert_review",
    state_zh="专家论证",
    signed_by="张三",
    signed_at=REVIEWED,
)


def test_a_day_without_hour_may_be_that_of_the_data_or_of_the_sign_off_before() -> None:
    _check_day(REPORT, (), DATA_AS_OF.replace(hour=0))
    _check_day(REPORT, (REVIEW,), REVIEWED.replace(hour=0))


@pytest.mark.parametrize(
    ("earlier", "moment", "told"),
    [
        ((), DATA_AS_OF - timedelta(days=1), "2021年8月3日早于2021年报告第1版所据数据的截止日期2021年8月4日"),
        ((REVIEW,), REVIEWED - timedelta(days=1), "2021年9月19日早于上一次审签（专家论证，2021年9月20日）"),
        ((), datetime.now(CITY_TIMEZONE) + timedelta(days=2), "晚于现在"),
    ],
)
def test_a_day_that_cannot_be_is_refused(earlier: tuple[SignOff, ...], moment: datetime, told: str) -> None:
    with pytest.raises(NotToBeSigned, match=told):
        _check_day(REPORT, earlier, moment)


def test_an_older_version_stays_as_it_is_once_a_later_one_is_submitted() -> None:
    _check_later([], REPORT)
    later = Report(**{**vars(REPORT), "version": 2, "state": "submitted"})
    with pytest.raises(NotToBeSigned, match="第2版已经提交，较早的第1版"):
        _check_later([later], REPORT)

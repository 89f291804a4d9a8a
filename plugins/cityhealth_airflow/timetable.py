"""The schedule of ``semimonthly_summary``: a run per reporting period, at its cut-off; the key is its due date."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.exceptions import InvalidPartitionKeyError
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction, Timetable
from airflow.utils.strings import get_random_string
from pendulum import DateTime, instance

from cityhealth.schedule import Due, day_of_bound, dues, dues_between, next_due
from cityhealth.settings import CITY_TIMEZONE

if TYPE_CHECKING:
    from airflow.utils.types import DagRunType


class ReportingPeriodTimetable(Timetable):
    """Runs at the cut-offs of a catalogue's campaigns; where a holiday moves the cut-off, the key stays.

    It carries the due dates themselves, so the scheduler needs neither catalogue nor calendar of holidays. Backfills
    go by the nominal due date: ``--from-date 2021-06-05 --to-date 2021-06-05`` is one run.
    """

    description = "at the cut-off of every reporting period (campaign.csv)"
    partitioned = True

    def __init__(self, runs: Iterable[Due]) -> None:
        self._runs = tuple(runs)

    def serialize(self) -> dict[str, Any]:
        return {"cutoffs": {run.key: run.cutoff.isoformat() for run in self._runs}}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> ReportingPeriodTimetable:
        cutoffs: Mapping[str, str] = data["cutoffs"]
        return cls(Due(key, datetime.fromisoformat(cutoff)) for key, cutoff in cutoffs.items())

    @property
    def summary(self) -> str:
        return "reporting periods"

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        raise NotImplementedError("a run of a reporting period has no data interval")

    def next_dagrun_info_v2(
        self, *, last_dagrun_info: DagRunInfo | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        run = next_due(
            self._runs,
            now=datetime.now(CITY_TIMEZONE),
            after=last_dagrun_info.run_after if last_dagrun_info else None,
            earliest=restriction.earliest,
            latest=restriction.latest,
            catchup=restriction.catchup,
        )
        return _info(run) if run else None

    def iter_partition_dagrun_infos(self, *, earliest: datetime, latest: datetime) -> Iterable[DagRunInfo]:
        days = day_of_bound(earliest), day_of_bound(latest)
        return map(_info, dues_between(self._runs, *days, datetime.now(CITY_TIMEZONE)))

    def localize_partition_datetime(self, dt: datetime) -> DateTime:
        return instance(dt.replace(tzinfo=CITY_TIMEZONE)).in_timezone("UTC")

    def infer_manual_data_interval(self, *, run_after: DateTime) -> DataInterval:
        return DataInterval.exact(run_after)

    def generate_run_id(
        self, *, run_type: DagRunType, run_after: DateTime, data_interval: DataInterval | None, **extra: Any
    ) -> str:
        # A period may be run again: by its key alone two runs would have one name.
        key = extra.get("partition_key") or run_after.isoformat()
        return run_type.generate_run_id(suffix=f"{key}__{get_random_string()}")

    def _decode_partition_date(self, partition_key: str) -> datetime:
        run = next((run for run in self._runs if run.key == partition_key), None)
        if run is None:
            raise InvalidPartitionKeyError(f"「{partition_key}」不是报送期（campaign.csv）")
        return _due_date(run)


def reporting_period_timetable() -> ReportingPeriodTimetable:
    """The timetable of this installation's campaigns."""
    from cityhealth.catalogue import load_campaigns
    from cityhealth.settings import from_environment

    return ReportingPeriodTimetable(dues(load_campaigns(from_environment().seed_dir)))


def _info(run: Due) -> DagRunInfo:
    return DagRunInfo(
        run_after=instance(run.cutoff).in_timezone("UTC"),
        data_interval=None,
        partition_date=_due_date(run),
        partition_key=run.key,
    )


def _due_date(run: Due) -> DateTime:
    return instance(datetime.combine(run.day, datetime.min.time(), CITY_TIMEZONE)).in_timezone("UTC")

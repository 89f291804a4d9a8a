"""A city office of tests: files come in, the gate is run, the warehouse is asked."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from cityhealth.catalogue import Catalogue
from cityhealth.feeds import feed_named
from cityhealth.feeds.pipeline import load_arrival
from cityhealth.landing import LandingZone
from cityhealth.quality import Judgement, judge
from cityhealth.settings import PROJECT_ROOT
from cityhealth.warehouse.connections import Warehouse
from gate_lines import RECEIVED


class Office:
    """Files that come in without a time come in one minute after the other, the first one after ``opens``."""

    def __init__(self, warehouse: Warehouse, city: Catalogue, home: Path, opens: datetime = RECEIVED) -> None:
        self.warehouse, self.city, self.home = warehouse, city, home
        self.landing = LandingZone(str(home / "landing"))
        self.expectations = home / "expectations"
        shutil.copytree(PROJECT_ROOT / "expectations", self.expectations)
        self._now = opens

    def receive(
        self,
        data: bytes,
        filename: str = "表.csv",
        department: str | None = "planning",
        feed: str = "departmental",
        received_at: datetime | None = None,
        attachments: Sequence[str] = ("a.pdf",),
    ) -> str:
        """Land a file and load it; returns its batch_id."""
        self._now += timedelta(minutes=1)
        arrival = self.landing.land(
            data, feed=feed, filename=filename, department_text=department, received_at=received_at or self._now,
            attachments=[(name, b"%PDF") for name in attachments],
        )  # fmt: skip
        return load_arrival(self.warehouse, self.landing, feed_named(feed, self.warehouse.settings), arrival).batch_id

    def judge(self, *batch_ids: str) -> list[Judgement]:
        outbox = str(self.home / "outbox")
        return judge(self.warehouse, batch_ids, lambda day: self.city, self.expectations, self.landing, outbox)

    def ask(self, query: str, *values: object) -> list[tuple]:
        with self.warehouse.connect("loader") as connection:
            return connection.execute(query, values or None).fetchall()  # type: ignore[arg-type]

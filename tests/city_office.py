"""A city office of tests: files come in, the gate is run, the warehouse is asked."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
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

    def __init__(
        self,
        warehouse: Warehouse,
        city: Catalogue,
        home: Path,
        opens: datetime = RECEIVED,
        areas_path: Path | None = None,
    ) -> None:
        self.warehouse, self.city, self.home, self.areas_path = warehouse, city, home, areas_path
        self.settings = replace(warehouse.settings, landing_url=str(home / "landing"))
        self.landing = LandingZone(self.settings.landing_url)
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
        attachments: Sequence[str | tuple[str, bytes]] = ("a.pdf",),
    ) -> str:
        """Land a file and load it; returns its batch_id. An attachment without content is a PDF."""
        self._now += timedelta(minutes=1)
        arrival = self.landing.land(
            data, feed=feed, filename=filename, department_text=department, received_at=received_at or self._now,
            attachments=[(given, b"%PDF") if isinstance(given, str) else given for given in attachments],
        )  # fmt: skip
        return load_arrival(self.warehouse, self.landing, feed_named(feed, self.settings), arrival).batch_id

    def judge(self, *batch_ids: str) -> list[Judgement]:
        outbox = str(self.home / "outbox")
        return judge(
            self.warehouse, batch_ids, lambda day: self.city, self.expectations, self.landing, outbox,
            areas_path=self.areas_path,
        )  # fmt: skip

    def ask(self, query: str, *values: object) -> list[tuple]:
        with self.warehouse.connect("loader") as connection:
            return connection.execute(query, values or None).fetchall()  # type: ignore[arg-type]

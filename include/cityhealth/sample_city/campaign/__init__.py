"""The half-month reports of a whole campaign, the meeting's lists, and the figures that are set right meanwhile.

Everything is labelled 合成数据. The same catalogue and seed give the same bytes.
"""

from __future__ import annotations

from datetime import datetime

from cityhealth.catalogue import Catalogue
from cityhealth.sample_city.amendments import amendments
from cityhealth.sample_city.campaign.mail import Sent, reports_of
from cityhealth.sample_city.campaign.meetings import Meetings
from cityhealth.sample_city.campaign.reports import reporters_of
from cityhealth.sample_city.files import SampleFile
from cityhealth.sample_city.scenes import prepare

_YEAR = 2021

__all__ = ["generate_campaign"]


def generate_campaign(catalogue: Catalogue, seed: int = 2021, periods: int | None = None) -> list[SampleFile]:
    """What arrives in the campaign of 2021 beside the files of May, in order of arrival.

    ``periods``: only what has arrived by the cut-off of that many periods.

    Raises:
        NothingFits: the catalogue has become too small for the sample city.
    """
    reporters, meetings = reporters_of(catalogue, seed, _YEAR), Meetings(catalogue, seed)
    asked = reporters.periods[:periods]
    sent: list[Sent] = []
    files = amendments(prepare(catalogue, _YEAR, seed))
    for period in asked:
        sent += reports_of(reporters, period)
        stated = meetings.hear(period, sent)
        if period.number % 3 != 1:
            files.append(meetings.hold(period, stated))
    files += [one.file for one in sent]
    end: datetime = asked[-1].cutoff if periods is not None else max(file.received_at for file in files)
    return sorted((f for f in files if f.received_at <= end), key=lambda file: (file.received_at, file.filename))

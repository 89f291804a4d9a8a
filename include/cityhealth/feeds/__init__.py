"""One file per feed, and :mod:`cityhealth.feeds.pipeline`, which is the same for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cityhealth.errors import SettingsError
from cityhealth.feeds.air_quality import AirQualityFeed
from cityhealth.feeds.base import Feed
from cityhealth.feeds.departmental import DepartmentalFeed
from cityhealth.feeds.imagery import ImageryFeed
from cityhealth.feeds.interview import InterviewFeed
from cityhealth.feeds.layers import LayersFeed
from cityhealth.feeds.meeting import MeetingFeed
from cityhealth.feeds.mobility import MobilityFeed
from cityhealth.feeds.progress import ProgressFeed
from cityhealth.feeds.rectification import RectificationFeed
from cityhealth.feeds.self_check import SelfCheckFeed
from cityhealth.feeds.survey import SurveyFeed
from cityhealth.feeds.third_party import ThirdPartyFeed
from cityhealth.feeds.yearbook import YearbookFeed
from cityhealth.settings import Settings

#: Name → how to make the feed of an installation.
FEEDS: Mapping[str, Callable[[Settings], Feed]] = {
    "departmental": lambda settings: DepartmentalFeed(),
    "yearbook": lambda settings: YearbookFeed.of_city(settings.city),
    "progress": lambda settings: ProgressFeed.of_catalogue(settings.seed_dir),
    "meeting": lambda settings: MeetingFeed(),
    "rectification": lambda settings: RectificationFeed(),
    "interview": lambda settings: InterviewFeed(),
    "self_check": lambda settings: SelfCheckFeed.of_catalogue(settings.seed_dir),
    "layers": LayersFeed.of_installation,
    "imagery": ImageryFeed.of_installation,
    "mobility": MobilityFeed.of_installation,
    "air_quality": lambda settings: AirQualityFeed.of_catalogue(settings.seed_dir),
    "survey": SurveyFeed.of_installation,
    "third_party": lambda settings: ThirdPartyFeed(),
}


def feed_named(name: str, settings: Settings) -> Feed:
    """The feed of that name for an installation.

    Raises:
        SettingsError: there is none; the message lists those that there are.
    """
    try:
        make = FEEDS[name]
    except KeyError:
        raise SettingsError(f"there is no feed {name!r}; feeds are: {', '.join(FEEDS)}") from None
    return make(settings)

"""One file per feed, and :mod:`cityhealth.feeds.pipeline`, which is the same for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cityhealth.errors import SettingsError
from cityhealth.feeds.base import Feed
from cityhealth.feeds.departmental import DepartmentalFeed
from cityhealth.feeds.meeting import MeetingFeed
from cityhealth.feeds.progress import ProgressFeed
from cityhealth.feeds.yearbook import YearbookFeed

#: Name → how to make the feed for a city.
FEEDS: Mapping[str, Callable[[str], Feed]] = {
    "departmental": lambda city: DepartmentalFeed(),
    "yearbook": YearbookFeed.of_city,
    "progress": ProgressFeed.of_city,
    "meeting": lambda city: MeetingFeed(),
}


def feed_named(name: str, city: str) -> Feed:
    """The feed of that name for a city.

    Raises:
        SettingsError: there is none; the message lists those that there are.
    """
    try:
        make = FEEDS[name]
    except KeyError:
        raise SettingsError(f"there is no feed {name!r}; feeds are: {', '.join(FEEDS)}") from None
    return make(city)

"""One file per feed, and :mod:`cityhealth.feeds.pipeline`, which is the same for all of them."""

from __future__ import annotations

from cityhealth.errors import SettingsError
from cityhealth.feeds.base import Feed
from cityhealth.feeds.departmental import DepartmentalFeed
from cityhealth.feeds.yearbook import YearbookFeed

FEEDS: dict[str, Feed] = {feed.name: feed for feed in (DepartmentalFeed(), YearbookFeed())}


def feed_named(name: str) -> Feed:
    """The feed of that name.

    Raises:
        SettingsError: there is none; the message lists those that there are.
    """
    try:
        return FEEDS[name]
    except KeyError:
        raise SettingsError(f"there is no feed {name!r}; feeds are: {', '.join(FEEDS)}") from None

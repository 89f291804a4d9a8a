"""Names that head what is said of something: ``（一）健康舒适方面：`` and what follows is about 健康舒适."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cityhealth.tabular.labels import split_mark
from cityhealth.tabular.tables import normalise

_BEFORE = re.compile(r"^(?:工作)?任务[一二三四五六七八九十\d]*")
_AFTER = re.compile(r"(?:方面|板块|任务|工作)+$")
_SEPARATOR = re.compile(r"^(?:方面|板块|任务)?(?:的?工作)?[」】》”\")）\]]?\s*(?:[:：。.，,、；;—-]+|\s|$)\s*")


class Names:
    """The names that are known; none are where there are none, and then nothing is one."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = {normalise(name): name for name in names}
        longest = sorted(map(re.escape, self._names.values()), key=len, reverse=True)
        self._begins = re.compile(rf"^[「【《“\"(（\[]?({'|'.join(longest)})") if longest else None

    def exactly(self, text: str) -> str | None:
        """The name that a whole text is, but for numbering, brackets, a colon and the word 方面."""
        whole = normalise(split_mark(text)[1])
        for spelling in (whole, _BEFORE.sub("", whole)):
            if found := self._names.get(spelling) or self._names.get(_AFTER.sub("", spelling)):
                return found
        return None

    def before(self, text: str) -> tuple[str, str, bool] | None:
        """The name that a text begins with, what follows it, and whether something sets it off: 方面, a colon, 。."""
        bare = split_mark(text)[1]
        found = self._begins.match(bare) if self._begins else None
        if found is None:
            return None
        rest = bare[found.end() :]
        apart = _SEPARATOR.match(rest)
        return found[1], (rest[apart.end() :] if apart else rest).strip(), apart is not None

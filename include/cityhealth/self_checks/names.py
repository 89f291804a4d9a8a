"""Names of indicators and data items as people write them within a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from cityhealth.self_checks.numbers import folded

_LEADING = re.compile(r"^(?:城市|建成区|市辖区|全市|全社会|当年|本市|地方|城镇|市域)")
_BRACKETS = re.compile(r"[(\[【〔].*?[)\]】〕]")
#: Words that mean the same at the end of a name.
_ENDINGS = (("比例", "占比", "比率", "比重"), ("数量", "数", "总数", "总量"), ("总面积", "面积"), ("总长度", "长度"))
#: What a name is called by itself without: 内涝积水点数量 → 内涝积水点; it then needs a word that says "in all".
_COUNTED = re.compile(r"(?:数量|总数|总量|户数|总户数|床位数)$")
_SHORTEST_ENDING = 5
#: What may stand before the end of a longer name: the beginning of a clause, or a word that narrows nothing.
_BOUNDARY = re.compile(
    r"(?:^|[,，。;；:：、\"“”()（）\d]|年|年底|底|末|全市|我市|本市|市|建成区|城市|市辖区|中心城区|主城区|市区|城区|区|内|目前|现|前|其中|使|将|和|与|及|"
    r"实现|推动|来看|看|方面|我局|平均|常住人口|居民|区域|年度|度|里)$"
)


@dataclass(frozen=True)
class Named:
    """What a figure can be about. ``unit`` is the catalogue's; ``counts``: it is a number of things."""

    kind: Literal["indicator", "item"]
    code: str
    name: str
    unit: str

    @property
    def counts(self) -> bool:
        return "/" not in self.unit and self.unit != "%"


@dataclass(frozen=True)
class Mention:
    """A name at ``start`` … ``end``. ``bare``: only what is counted is named, not that it is a number of them.
    ``ending``: only the end of the name is there as the catalogue has it."""

    start: int
    end: int
    text: str
    named: Named
    bare: bool
    ending: bool


class NameReader:
    """Finds names: whole, without the city before it, with another word for 比例, or by an ending that only one has."""

    def __init__(self, subjects: Sequence[Named]) -> None:
        spellings: dict[str, tuple[Named, bool, bool]] = {}
        for subject in subjects:
            for spelling in _spellings(subject.name):
                spellings.setdefault(spelling, (subject, False, False))
        for ending, subject in _endings(subjects).items():
            spellings.setdefault(ending, (subject, True, False))
        for subject in subjects:
            for spelling in _spellings(subject.name):
                bare = _COUNTED.sub("", spelling)
                if subject.counts and len(bare) >= 4 and bare != spelling:
                    spellings.setdefault(bare, (subject, False, True))
        self._spellings: Mapping[str, tuple[Named, bool, bool]] = spellings
        longest = sorted(map(re.escape, spellings), key=len, reverse=True)
        self._pattern = re.compile("|".join(longest)) if longest else None

    def read(self, text: str) -> Iterator[Mention]:
        """The names in a folded text, longest first, none within another."""
        place = 0
        while self._pattern is not None and (match := self._pattern.search(text, place)) is not None:
            subject, is_ending, bare = self._spellings[match.group()]
            if is_ending and not _BOUNDARY.search(text[: match.start()]):
                place = match.start() + 1
                continue
            place = match.end()
            yield Mention(match.start(), match.end(), match.group(), subject, bare, is_ending)


def _spellings(name: str) -> Iterable[str]:
    whole = folded(name)
    stripped = _BRACKETS.sub("", whole)
    found = dict.fromkeys((whole, stripped))
    for one in tuple(found):
        while (shorter := _LEADING.sub("", one)) != one and len(shorter) >= _SHORTEST_ENDING - 1:
            found[shorter] = None
            one = shorter
    for one in tuple(found):
        inner = one.replace("城市", "")
        if inner != one and len(inner) >= _SHORTEST_ENDING:
            found[inner] = None
    for one in tuple(found):
        for group in _ENDINGS:
            for ending in group:
                if one.endswith(ending) and len(one) - len(ending) >= 3:
                    found.update(dict.fromkeys(one[: -len(ending)] + other for other in group if other != ending))
                    break
    return [one for one in found if one]


def _endings(subjects: Sequence[Named]) -> Mapping[str, Named]:
    """Endings of at least five characters that belong to one subject alone."""
    owners: dict[str, set[str]] = {}
    of: dict[str, Named] = {}
    for subject in subjects:
        for spelling in _spellings(subject.name):
            for start in range(1, len(spelling) - _SHORTEST_ENDING + 1):
                ending = spelling[start:]
                owners.setdefault(ending, set()).add(f"{subject.kind}/{subject.code}")
                of.setdefault(ending, subject)
    # 占GDP比重 may be that of anything.
    return {
        ending: of[ending]
        for ending, owned in owners.items()
        if len(owned) == 1 and not (ending[0].isdigit() or ending[0] in "占比率及和与")
    }

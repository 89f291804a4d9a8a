"""A self-check without headings: which section a sentence belongs to, by the words with which it begins."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_FOLLOWED = r"(?:[:：，,]|是|有|主要|包括|表现|集中|体现|方面|来看|上看|为|将|我局|我委|我支队|要)"
_OPENINGS = (
    ("problems", rf"(?:存在的?|主要|突出的?|面临的?)(?:主要)?(?:问题|困难|不足|短板)(?:和不足|与不足)?(?={_FOLLOWED})"),
    ("problems", r"(?:问题|不足)(?=方面|[:：]|主要)"),
    ("measures", rf"(?:改进|整改|提升)?措施(?={_FOLLOWED})|下一?步(?:工作|打算|措施|计划)?(?={_FOLLOWED})"),
    ("measures", r"(?:针对|对于)(?:上述|以上|存在的)(?:主要)?问题(?=[，,])"),
    ("highlights", rf"(?:建设|工作|主要|特色)?亮点(?={_FOLLOWED})|(?:主要|建设|工作)成效(?={_FOLLOWED})"),
    ("status", rf"现状(?:简述|情况)?(?={_FOLLOWED})|基本(?:情况|现状)(?={_FOLLOWED})|从现状(?:来)?看"),
)
_SECTIONS = tuple((section, re.compile(pattern)) for section, pattern in _OPENINGS)
_SENTENCE = re.compile(r"[^。！？!?；;]*[。！？!?；;]?")
_LEAD = re.compile(r"^[\s\u3000]*(?:[一二三四五六七八九十]+是|首先|其次|同时|此外|另外|目前|在)?[，,]?")


@dataclass(frozen=True)
class Opening:
    """Text of one section within a paragraph (counted from 0); ``section`` None: it stands before the first.

    ``word`` is what it was recognised by, ``number`` its place among the paragraphs of that section, from 1.
    """

    paragraph: int
    dimension: str | None
    section: str | None
    word: str
    number: int
    text: str


def by_openings(paragraphs: Sequence[str], dimensions: Sequence[str]) -> list[Opening] | None:
    """The sections of a text by the beginnings of its sentences; None where they name less than two sections.

    A paragraph or sentence that begins with a dimension's name is about it, and so is what follows.
    """
    found: list[Opening] = []
    dimension: str | None = None
    section: str | None = None
    word = ""
    counts: dict[tuple[str | None, str | None], int] = {}
    for place, paragraph in enumerate(paragraphs):
        pieces: list[tuple[str | None, str | None, str, str]] = []
        for sentence in _SENTENCE.findall(paragraph):
            if not sentence.strip():
                continue
            named, rest = _named(sentence, dimensions)
            if named is not None and named != dimension:
                dimension, section, word = named, None, ""
            begun = _begun(rest)
            if begun is not None:
                section, word = begun
            if pieces and pieces[-1][:2] == (dimension, section):
                pieces[-1] = (*pieces[-1][:3], pieces[-1][3] + sentence)
            else:
                pieces.append((dimension, section, word, sentence))
        for of_dimension, of_section, by_word, text in pieces:
            key = (of_dimension, of_section)
            counts[key] = counts.get(key, 0) + 1
            found.append(Opening(place, of_dimension, of_section, by_word, counts[key], text.strip()))
    return found if len({one.section for one in found} - {None}) >= 2 else None


def _named(sentence: str, dimensions: Sequence[str]) -> tuple[str | None, str]:
    bare = sentence[_end(sentence) :]
    for name in dimensions:
        if bare.startswith(name):
            return name, re.sub(r"^(?:维度|方面|上)?[，,：:]?", "", bare[len(name) :])
    return None, bare


def _begun(sentence: str) -> tuple[str, str] | None:
    bare = sentence[_end(sentence) :]
    for section, pattern in _SECTIONS:
        if match := pattern.match(bare):
            return section, match.group()
    return None


def _end(sentence: str) -> int:
    lead = _LEAD.match(sentence)
    return lead.end() if lead else 0

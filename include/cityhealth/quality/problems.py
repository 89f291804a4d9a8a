"""Which problem (编号 of the 城市病清单) a text names, as far as the catalogue can say."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from cityhealth.quality.lookup import Lookup

_ID = re.compile(
    r"(?:(?P<question>SV-[\w.-]{1,25}-[0-9a-f]{4})|(?P<indicator>[A-Za-z][A-Za-z0-9-]*[0-9]))(?:@(?P<area>[\w-]+))?"
)
_LONGEST = 40
#: Punctuation, and the year and number in the title of a survey: neither makes another question or survey.
_MARKS = re.compile(r"[\s!-/:-@\[-`{-~、。“”‘’—…·《》〈〉【】「」『』〔〕〜～]")
_NUMBER = re.compile(r"第?[0-9]+(年度|年|季度|月|次|轮|期)?")


def question_problem(survey: str, code: str, asked: str) -> str:
    """The id of a question's problem: its code, and what it asks in which survey (macros/problems.sql: question_id)."""
    said = f"{_NUMBER.sub('', _folded(survey))}|{_folded(asked)}"
    return f"SV-{code}-{hashlib.sha256(said.encode()).hexdigest()[:4]}"


def _folded(text: str) -> str:
    return _MARKS.sub("", unicodedata.normalize("NFKC", text)).lower()


def problem_named(text: str, lookup: Lookup) -> tuple[str | None, str | None]:
    """The id that a text is, or (Chinese) why it is none.

    An indicator of any year and an area must be in the catalogue; what a survey asks is known by its codebook alone.
    Whether there is such a problem is not for the gate: that depends on what else was handed in.
    """
    said = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    if not re.search(r"\w", said):
        return None, "没有填写问题编号"
    found = _ID.fullmatch(said)
    if found is None or len(said) > _LONGEST:
        return None, "问题编号应照城市病清单原样，如 ECO07、ECO02@140500-C1 或 SV-Q12-3fa2"
    area = found["area"].upper() if found["area"] else None
    if area is not None and area not in {known.code for known in lookup.catalogue.areas}:
        return None, f"目录中没有区域「{found['area']}」"
    at = f"@{area}" if area else ""
    if found["question"]:
        return f"{found['question']}{at}", None
    code = found["indicator"].upper()
    if code not in {indicator.code for indicator in lookup.catalogue.indicators}:
        return None, f"指标目录中没有「{found['indicator']}」，清单上不会有这一问题"
    return f"{code}{at}", None

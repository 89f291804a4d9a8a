"""Names of persons in notes: who is known to be named, and who is addressed by a title. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

#: The hundred most frequent surnames and some more (public security registers, 2018 and 2020); those of two characters.
_SINGLE = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟"
    "姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常"
)
_DOUBLE = ("欧阳", "上官", "司马", "诸葛", "皇甫", "尉迟", "令狐", "慕容", "东方", "司徒")
_SURNAME = rf"(?:{'|'.join(_DOUBLE)}|[{_SINGLE}])"
_TITLE = (
    r"先生|女士|小姐|同志|大爷|大叔|大妈|大娘|大姐|大哥|阿姨|奶奶|爷爷|师傅|老师|医生|护士|校长|院长|主任|书记|经理"
    r"|店主|老板|队长|站长|科长|局长"
)
#: 王建国先生, 赵主任: a surname, at most two characters of a given name, a title. Rather one too many than one too few:
#: 高中老师 becomes 高某老师.
_ADDRESSED = re.compile(rf"({_SURNAME})[一-鿿]{{0,2}}?(?={_TITLE})")
_NAME = re.compile(rf"({_SURNAME})[一-鿿·]{{1,3}}")
_SEPARATORS = re.compile(r"[、,，;；/\s]+")


class MaskedPersons(NamedTuple):
    """The text in which each name is its surname and 某, and how many names it had."""

    text: str
    persons: int


def mask_person(text: str) -> MaskedPersons:
    """What stands in a column for persons: 王建国、李 → 王某、李某. A word that begins with no surname is 某人."""
    parts = [part for part in _SEPARATORS.split(text.strip()) if part]
    masked = [f"{found[1]}某" if (found := re.match(rf"({_SURNAME})", part)) else "某人" for part in parts]
    return MaskedPersons("、".join(masked), len(parts))


def names_in(text: str) -> tuple[str, ...]:
    """The whole names (surname and given name) that stand in a column for persons, longest first."""
    return tuple(
        sorted(
            (found[0] for part in _SEPARATORS.split(text.strip()) if (found := _NAME.fullmatch(_untitled(part)))),
            key=len,
            reverse=True,
        )
    )


def mask_persons(text: str, known: Iterable[str] = ()) -> MaskedPersons:
    """Mask the names that are known, wherever they stand, and those that come before a title."""
    count = 0
    for name in known:
        count += text.count(name)
        text = text.replace(name, f"{_surname(name)}某")
    text, found = _ADDRESSED.subn(lambda match: f"{match[1]}某", text)
    return MaskedPersons(text, count + found)


def _untitled(part: str) -> str:
    return re.sub(rf"(?:{_TITLE})$", "", part)


def _surname(name: str) -> str:
    found = re.match(rf"({_SURNAME})", name)
    return found[1] if found else name[:1]

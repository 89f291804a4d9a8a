"""Manifests 说明文件: what a file does not say about itself, in YAML or JSON beside it; one page of text."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError

from cityhealth.errors import Place, UnreadableFile

Stated = TypeVar("Stated")

#: A manifest is a page of text.
MAX_BYTES = 1_000_000


def _stripped(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def folded(value: object) -> object:
    """Text without blanks around it, in small letters; anything else as it is."""
    return value.strip().casefold() if isinstance(value, str) else value


def _day(value: object) -> object:
    # Only whole days: 2021 is no day, and pydantic would take it for seconds since 1970.
    if type(value) is dt.date:
        return value
    if isinstance(value, str):
        return dt.date.fromisoformat(value.strip())
    raise ValueError("不是日期")


Text = Annotated[str, Field(min_length=1), BeforeValidator(_stripped)]
Day = Annotated[dt.date, BeforeValidator(_day)]
Kind = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Finite = Annotated[float, Field(allow_inf_nan=False)]


def read_stated(
    adapter: TypeAdapter[Stated],
    data: bytes,
    filename: str,
    *,
    texts: bool = False,
    place_zh: Callable[[Mapping[str, Any], tuple[str, ...]], str] | None = None,
) -> Stated:
    """The manifest in a file: ``*.json`` is JSON, anything else YAML; UTF-8 (with BOM) or GB 18030.

    ``texts``: what stands in YAML is text as written (but for nothing at all), not what YAML takes it for.
    ``place_zh``: what a field is called, by the content and the way to it; by default that way.

    Raises:
        UnreadableFile: ``manifest_too_large``, ``manifest_syntax`` (no YAML or JSON, or a field written twice) or
            ``manifest_invalid`` (a field missing, unknown or wrong; the message names each).
    """
    place = Place(filename)
    if len(data) > MAX_BYTES:
        raise UnreadableFile("manifest_too_large", f"说明文件超过 {MAX_BYTES // 1_000_000} MB", place)
    content = _parsed(_text(data, place), filename, _TextLoader if texts else _Loader)
    if not isinstance(content, dict):
        raise UnreadableFile("manifest_syntax", "说明文件应为「字段: 值」的形式", place)
    try:
        return adapter.validate_python(content)
    except ValidationError as error:
        # A union says everything once per alternative; each field is named once.
        problems = dict.fromkeys(
            _problem(problem, lambda at: place_zh(content, at) if place_zh else ".".join(at))
            for problem in error.errors(include_url=False)
        )
        raise UnreadableFile("manifest_invalid", f"说明文件有误：{'；'.join(problems)}", place) from error


def _text(data: bytes, place: Place) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableFile("manifest_syntax", "说明文件不是文本，或编码不是 UTF-8 / GB 18030", place)


def _parsed(text: str, filename: str, loader: type[_Loader]) -> Any:
    try:
        if filename.lower().endswith(".json"):
            return json.loads(text, object_pairs_hook=_once)
        return yaml.load(text, Loader=loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = Place(filename, line=mark.line + 1 if mark else None)
        raise UnreadableFile("manifest_syntax", "说明文件不是正确的 YAML", place) from error
    except json.JSONDecodeError as error:
        place = Place(filename, line=error.lineno)
        raise UnreadableFile("manifest_syntax", "说明文件不是正确的 JSON", place) from error
    except _Twice as error:
        raise UnreadableFile("manifest_syntax", f"字段 {error} 写了两次", Place(filename)) from error
    # Hostile nesting, an impossible date such as 2021-13-40, an unhashable key, a number of too many digits.
    except (RecursionError, ValueError, TypeError) as error:
        raise UnreadableFile("manifest_syntax", "说明文件无法解析", Place(filename)) from error


class _Twice(Exception):
    """A field that stands twice in one mapping: neither is the right one."""


def _once(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    result: dict[Any, Any] = {}
    for key, value in pairs:
        if key in result:
            raise _Twice(key)
        result[key] = value
    return result


class _Loader(yaml.SafeLoader):
    """Plain YAML that refuses a field written twice."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    loader.flatten_mapping(node)
    return _once(
        [(loader.construct_object(k, deep=True), loader.construct_object(v, deep=True)) for k, v in node.value]
    )


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


class _TextLoader(_Loader):
    """The same in which ``yes`` is no truth value, ``010`` no eight, and a day no date."""

    yaml_implicit_resolvers = {  # noqa: RUF012 (as the library declares it)
        first: [(tag, pattern) for tag, pattern in resolvers if tag.rpartition(":")[2] in ("null", "merge")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


_SAYINGS = {
    "missing": "缺少此项",
    "missing_argument": "缺少此项",
    "missing_keyword_only_argument": "缺少此项",
    "unexpected_keyword_argument": "没有这个字段",
    "extra_forbidden": "没有这个字段",
}
_ALTERNATIVES = ("constrained-str", "dict", "function-", "mapping", "[key]")


def _problem(problem: Any, place_zh: Callable[[tuple[str, ...]], str]) -> str:
    parts = [str(part) for part in problem["loc"] if not _alternative(str(part))]
    field = ".".join(parts)
    kind = problem["type"]
    shown = repr(problem["input"])
    shown = shown if len(shown) <= 40 else f"{shown[:40]}…"
    if kind in _SAYINGS:
        saying = _SAYINGS[kind]
    elif kind == "literal_error":
        saying = f"{shown} 不是 {problem['ctx']['expected'].replace(' or ', '、').replace(', ', '、')} 之一"
    elif field == "date":
        saying = f"{shown} 不是日期，应为 2021-06-05 的形式"
    elif kind == "value_error":
        saying = str(problem["ctx"]["error"])
    else:
        saying = f"值 {shown} 不对"
    return f"{place_zh(tuple(parts))}：{saying}" if field else saying


def _alternative(part: str) -> bool:
    return part.startswith(_ALTERNATIVES)

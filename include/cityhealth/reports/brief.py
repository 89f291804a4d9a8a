"""The brief (简报) as a Word document: a Summary laid out by a template that the office can restyle in Word."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from datetime import UTC
from importlib import resources
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from docx.opc.exceptions import PackageNotFoundError
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup, escape

from cityhealth.errors import CityHealthError, Place, SettingsError
from cityhealth.reports.brief_text import content
from cityhealth.reports.packing import repacked
from cityhealth.reports.summary import Summary
from cityhealth.reports.wording import printable

TEMPLATE_VARIABLE = "CITYHEALTH_BRIEF_TEMPLATE"
_AUTHOR = "城市体检数据仓库"


class BriefTemplateError(CityHealthError):
    """The Word template cannot be filled; the message names the placeholder or the line that is wrong."""


def brief_template(environ: Mapping[str, str]) -> tuple[str, bytes]:
    """Name and bytes of the template: the one that ``CITYHEALTH_BRIEF_TEMPLATE`` names, else ours.

    Raises:
        SettingsError: the variable names a file that is not there.
    """
    own = environ.get(TEMPLATE_VARIABLE)
    if not own:
        return "brief.docx", resources.files("cityhealth.reports").joinpath("templates", "brief.docx").read_bytes()
    try:
        return Path(own).name, Path(own).read_bytes()
    except OSError as error:
        raise SettingsError(
            f"{TEMPLATE_VARIABLE} 所指的模板不能读取：{own}（{os.strerror(error.errno or 0)}）"
        ) from error


def render_brief(summary: Summary, annex_name: str, template: tuple[str, bytes] | None = None) -> bytes:
    """The brief as bytes of a .docx; the same summary and template give the same bytes.

    ``annex_name`` is the name of the annex, to which the brief points. ``template`` is name and bytes; None: ours.

    Raises:
        BriefTemplateError: the template is no Word document, or has a placeholder that does not exist.
    """
    name, data = brief_template({}) if template is None else template
    document = DocxTemplate(io.BytesIO(data))
    environment = SandboxedEnvironment(undefined=_Unknown, autoescape=True)
    values = content(summary, annex_name)
    try:
        document.render(_escaped(values), environment, autoescape=True)
    except TemplateSyntaxError as error:
        context = "".join(line.strip() for line in getattr(error, "docx_context", ()))[:200]
        raise BriefTemplateError(f"模板的写法有误：{error.message}；在「{context}」附近", Place(name)) from error
    except TemplateError as error:
        raise BriefTemplateError(f"模板不能填写：{error.message}；可用的有 {'、'.join(values)}", Place(name)) from error
    except (PackageNotFoundError, BadZipFile) as error:
        raise BriefTemplateError("模板不是 Word 文档（.docx）", Place(name)) from error
    except Exception as error:  # Whoever restyles it may do anything to it; the message is all that helps them.
        raise BriefTemplateError(f"模板不能填写：{type(error).__name__} {error}", Place(name)) from error
    return _saved(document, summary)


class _Unknown(StrictUndefined):
    @property
    def _undefined_message(self) -> str:
        return f"没有「{self._undefined_name}」这个占位符"


def _saved(document: DocxTemplate, summary: Summary) -> bytes:
    facts = document.core_properties
    moment = summary.cutoff.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    facts.author = facts.last_modified_by = _AUTHOR
    facts.created = facts.modified = moment
    facts.revision = 1
    buffer = io.BytesIO()
    document.save(buffer)
    return repacked(buffer.getvalue())


def _escaped(value: Any) -> Any:
    """Texts as XML that Jinja and docxtpl leave alone: docxtpl takes ``{_{`` for ``{{``, and \\n or \\t for layout."""
    if isinstance(value, str):
        xml = str(escape(" ".join(printable(value).split())))
        return Markup(xml.replace("{", "&#123;").replace("}", "&#125;"))
    if isinstance(value, dict):
        return {key: _escaped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    return value

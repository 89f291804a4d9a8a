"""What the documentation names exists: commands, marts, DAGs, variables, links."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main

from cityhealth.catalogue import Catalogue
from cityhealth.cli import app
from cityhealth.reports.brief_text import content
from cityhealth.settings import PROJECT_ROOT
from half_month import full_summary

PAGES = sorted((PROJECT_ROOT / "docs").glob("*.md"))
_CODE = re.compile(r"```\w*\n(.*?)```|`([^`\n]+)`", re.DOTALL)
_COMMAND = re.compile(r"(?:^|\(|airflow-\w+ )cityhealth ((?:[a-z]+(?:\s+|$))+)([^\n#]*)", re.MULTILINE)
_OPTION = re.compile(r"(?<!\S)--[a-z][a-z-]+")


def _commands(text: str) -> list[tuple[list[str], list[str]]]:
    """Words and options of every ``cityhealth`` command in the code of a page."""
    code = "\n".join(block or span for block, span in _CODE.findall(text)).replace("\\\n", " ")
    lines = (match for line in code.splitlines() for match in _COMMAND.finditer(line))
    return [(match[1].split(), _OPTION.findall(match[2])) for match in lines]


def _resolve(words: list[str]) -> Any:
    """The click command that the words lead to; words that follow it are its arguments."""
    command: Any = typer.main.get_command(app)
    for word in words:
        if not hasattr(command, "commands"):
            break
        assert word in command.commands, f"cityhealth {' '.join(words)}"
        command = command.commands[word]
    return command


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_a_page_exists_with_its_options(page: Path) -> None:
    for words, options in _commands(page.read_text()):
        command = _resolve(words)
        if command.context_settings.get("ignore_unknown_options"):  # `cityhealth airflow …`, `cityhealth db psql …`
            continue
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        assert set(options) <= known, f"cityhealth {' '.join(words)} {options}"


def test_the_pages_do_name_commands() -> None:
    named = {tuple(words[:1]) for page in PAGES for words, _ in _commands(page.read_text())}
    assert {("db",), ("ingest",), ("build",), ("status",), ("land",)} <= named


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)[^)]*\)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_the_page_for_bi_tools_lists_exactly_the_marts_that_there_are() -> None:
    page = (PROJECT_ROOT / "docs" / "connect-bi.md").read_text()
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \| an? ", page, re.MULTILINE)
    listed = {name for row in rows for name in re.findall(r"\w+", row)}
    assert listed == {path.stem for path in (PROJECT_ROOT / "dbt_project" / "models" / "marts").rglob("*.sql")}


def test_the_page_on_the_brief_lists_exactly_the_placeholders_that_there_are(catalogue: Catalogue) -> None:
    page = (PROJECT_ROOT / "docs" / "restyle-the-brief.md").read_text()
    named = {name for row in re.findall(r"^\| (`.+?) \| ", page, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert named == set(content(full_summary(catalogue), "附表.xlsx"))


def test_the_runbook_has_a_section_for_every_dag() -> None:
    # on_failure sends people to "docs/runbook.md, section <dag_id>".
    sections = set(re.findall(r"^## (\w+)$", (PROJECT_ROOT / "docs" / "runbook.md").read_text(), re.MULTILINE))
    assert {path.stem for path in (PROJECT_ROOT / "dags").glob("*.py")} <= sections

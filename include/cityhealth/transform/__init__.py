"""From judgements to marts: dbt in process, its outcomes, the history of mart rows, and the editions of summaries."""

from cityhealth.transform.build import BuildResult, build, build_if_changed
from cityhealth.transform.dbt import NodeOutcome
from cityhealth.transform.editions import Edition, latest_edition, periods_without_summary, prepare, summarise
from cityhealth.transform.history import Change, diff

__all__ = [
    "BuildResult",
    "Change",
    "Edition",
    "NodeOutcome",
    "build",
    "build_if_changed",
    "diff",
    "latest_edition",
    "periods_without_summary",
    "prepare",
    "summarise",
]

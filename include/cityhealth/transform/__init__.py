"""From judged item values to marts: dbt in process, its outcomes, the history of mart rows, and what changed."""

from cityhealth.transform.build import BuildResult, build, build_if_changed
from cityhealth.transform.dbt import NodeOutcome
from cityhealth.transform.history import Change, diff

__all__ = ["BuildResult", "Change", "NodeOutcome", "build", "build_if_changed", "diff"]

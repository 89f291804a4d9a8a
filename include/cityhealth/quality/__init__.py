"""The gate: what was handed in is judged against the catalogue, and the department is told why."""

from cityhealth.quality.engine import GateError
from cityhealth.quality.gate import Judgement, judge
from cityhealth.quality.suites import SuiteError

__all__ = ["GateError", "Judgement", "SuiteError", "judge"]

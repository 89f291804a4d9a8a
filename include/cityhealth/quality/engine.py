"""Great Expectations over a table of candidates: which lines fail which rule. Nothing else here knows the library."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from cityhealth.errors import CityHealthError
from cityhealth.quality.suites import Suite


class GateError(CityHealthError):
    """The gate itself failed (a query of a suite is wrong, the database went away): nothing was judged."""


class Engine:
    """One ephemeral context and one datasource for all suites of a process; close it, or use it in a ``with``.

    The library is imported when the first engine is made: that takes seven seconds and 260 MB, once per process.
    """

    def __init__(self, sqlalchemy_url: str, schema: str) -> None:
        # The city's network is closed, and what is judged in it is nobody else's business.
        os.environ["GX_ANALYTICS_ENABLED"] = "false"
        import great_expectations as gx

        self._gx = gx
        self._schema = schema
        self._context = gx.get_context(mode="ephemeral")
        self._source = self._context.data_sources.add_postgres("warehouse", connection_string=sqlalchemy_url)
        self._validations: dict[tuple[str, str], Any] = {}

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The library opens one pool to look at tables and another to ask them.
        self._source.get_engine().dispose()
        self._source.get_execution_engine().engine.dispose()

    def failing_lines(self, suite: Suite, table: str) -> Mapping[str, list[int]]:
        """Judge all rows of ``table`` as it is now: for every rule, by code, the ``line_no`` of all that fail.

        Raises:
            GateError: a rule could not be evaluated.
        """
        # Its progress bars, one per query and not to be switched off, would bury the log of the task.
        with contextlib.redirect_stderr(io.StringIO()):
            return self._failing_lines(suite, table)

    def _failing_lines(self, suite: Suite, table: str) -> Mapping[str, list[int]]:
        validation = self._validation(suite, table)
        outcome = validation.run(result_format="BASIC")
        failing: dict[str, list[int]] = {}
        for result in outcome.results:
            code = result.expectation_config.meta["code"]
            if reasons := _raised(result.exception_info or {}):
                raise GateError(f"rule {suite.name}.{code} could not be evaluated: {'; '.join(reasons)}")
            if result.success:
                failing[code] = []
                continue
            # The result itself stops at 200 rows, without a word; this does not.
            rows = validation.get_unexpected_rows(_expectation(validation.suite, code))
            failing[code] = sorted(row["line_no"] for row in rows)
        if set(failing) != set(suite.rules):
            raise GateError(f"rules of {suite.name} were not evaluated: {sorted(set(suite.rules) - set(failing))}")
        return failing

    def _validation(self, suite: Suite, table: str) -> Any:
        key = (suite.hash, table)
        if key not in self._validations:
            name = f"{suite.name}_{suite.hash[:12]}_{table}"
            asset = self._source.add_table_asset(name, table_name=table, schema_name=self._schema)
            content = {**suite.content, "name": name}
            self._validations[key] = self._context.validation_definitions.add(
                self._gx.ValidationDefinition(
                    name=name,
                    data=asset.add_batch_definition_whole_table("all"),
                    suite=self._context.suites.add(self._gx.ExpectationSuite(**content)),
                )
            )
        return self._validations[key]


def _expectation(suite: Any, code: str) -> Any:
    return next(expectation for expectation in suite.expectations if expectation.meta["code"] == code)


def _raised(exception_info: Mapping[str, Any]) -> list[str]:
    """What went wrong, each reason once, without the tracebacks that the library puts beside it."""
    # One dictionary, or one per metric: the library gives either.
    infos = [exception_info] if "raised_exception" in exception_info else list(exception_info.values())
    reasons = (str(info.get("exception_message")) for info in infos if info.get("raised_exception"))
    return list(dict.fromkeys(reason.split("\n[SQL:")[0] for reason in reasons))

"""From the text of a cell to a number with its unit, and from one unit to another."""

from cityhealth.quantities.parse import Quantity, State, parse_quantity
from cityhealth.quantities.units import UnitError, UnitRow, convert, resolve_unit

__all__ = ["Quantity", "State", "UnitError", "UnitRow", "convert", "parse_quantity", "resolve_unit"]

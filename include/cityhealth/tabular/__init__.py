"""Any file a person sends, as sheets of text cells with addresses; nothing is interpreted here."""

from cityhealth.tabular.limits import Limits
from cityhealth.tabular.read import read_sheets
from cityhealth.tabular.sheet import Cell, Kind, Origin, Range, Sheet, address, column_letters
from cityhealth.tabular.tables import FoundTables, Table, TableRow, find_table, find_tables

__all__ = [
    "Cell",
    "FoundTables",
    "Kind",
    "Limits",
    "Origin",
    "Range",
    "Sheet",
    "Table",
    "TableRow",
    "address",
    "column_letters",
    "find_table",
    "find_tables",
    "read_sheets",
]

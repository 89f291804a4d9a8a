"""Which dimensions a department checks itself in."""

from __future__ import annotations

from cityhealth.catalogue import Catalogue, Dimension, Examination, Indicator

_NOT_EXAMINED = ("dropped", "listed")


def dimensions_of(catalogue: Catalogue, examination: Examination, department_code: str) -> list[Dimension]:
    """The dimensions that a department answers for, in their order.

    It leads an indicator there, it owns what an indicator there measures (the numerator), or it leads the dimension's
    block of work. Who only owns what others divide by, or passes on what others computed, answers for nothing there.
    """
    codes = {indicator.dimension_code for indicator in indicators_answered_for(catalogue, examination, department_code)}
    led = {
        part.block_code
        for part in catalogue.responsibilities
        if part.department_code == department_code and part.role == "lead"
    }
    codes |= {block.dimension_code for block in catalogue.work_blocks if block.code in led and block.dimension_code}
    return [dimension for dimension in examined_dimensions(catalogue, examination) if dimension.code in codes]


def indicators_answered_for(catalogue: Catalogue, examination: Examination, department_code: str) -> list[Indicator]:
    """The indicators that a department leads, or whose numerator it owns, in their order."""
    own = {item.code for item in catalogue.items if item.department_code == department_code and item.role == "measure"}
    return [
        indicator
        for indicator in indicators_of(catalogue, examination)
        if indicator.lead_department == department_code or indicator.numerator_item in own
    ]


def supported_dimensions(catalogue: Catalogue, department_code: str) -> set[str]:
    """The dimensions in whose blocks of work a department has a part, leading or not."""
    blocks = {part.block_code for part in catalogue.responsibilities if part.department_code == department_code}
    return {block.dimension_code for block in catalogue.work_blocks if block.code in blocks and block.dimension_code}


def examined_dimensions(catalogue: Catalogue, examination: Examination) -> list[Dimension]:
    """The dimensions of an examination, in their order."""
    codes = {indicator.dimension_code for indicator in indicators_of(catalogue, examination)}
    return sorted((d for d in catalogue.dimensions if d.code in codes), key=lambda dimension: dimension.sort_order)


def indicators_of(catalogue: Catalogue, examination: Examination) -> list[Indicator]:
    """The indicators of an examination, in their order."""
    return sorted(
        (
            indicator
            for indicator in catalogue.indicators
            if (indicator.system, indicator.year) == (examination.system, examination.year)
            and indicator.status not in _NOT_EXAMINED
        ),
        key=lambda indicator: indicator.no,
    )

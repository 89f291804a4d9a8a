"""Departments' self-checks: sections as handed in, and the figures that their text quotes."""

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    pass

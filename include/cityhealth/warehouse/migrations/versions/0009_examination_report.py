"""Versions of the city's report, their sign-offs, and packages that went out."""

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    pass

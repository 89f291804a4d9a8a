"""Measures against problems, and notes of site interviews."""

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    pass

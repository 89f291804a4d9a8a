"""Satisfaction surveys: answers as handed in, their judgement, and what was estimated from them."""

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    pass

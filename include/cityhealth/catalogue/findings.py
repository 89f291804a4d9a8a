"""What a check of the catalogue finds."""

from __future__ import annotations

from dataclasses import dataclass

from cityhealth.errors import Place


@dataclass(frozen=True)
class Finding:
    """Something wrong, at a place (file, and as far as it applies line and column); the message is Chinese."""

    place: Place
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"

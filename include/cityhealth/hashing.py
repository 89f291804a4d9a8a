"""Stable names for bytes and for things that are identified by what they consist of."""

from __future__ import annotations

import hashlib


def sha256_hex(data: bytes) -> str:
    """The sha256 of ``data`` as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def stable_id(*parts: str) -> str:
    """A 20-digit identifier made of ``parts`` in order; equal parts give equal ids on every machine."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:20]

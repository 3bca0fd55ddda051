"""The JSON that `measure` prints and `probe` reads."""

from __future__ import annotations

from dataclasses import dataclass

from utils.mediakit.refusals import Refusal
from utils.mediakit.source import Source


@dataclass(frozen=True)
class Report:
    """Either a source or a refusal."""

    source: Source | None = None
    refusal: Refusal | None = None

"""What the process that measures a file answers to the one that started it, as JSON."""

from __future__ import annotations

from dataclasses import dataclass

from utils.mediakit.refusals import Refusal
from utils.mediakit.source import Source


@dataclass(frozen=True)
class Report:
    """Either a source or a refusal."""

    source: Source | None = None
    refusal: Refusal | None = None

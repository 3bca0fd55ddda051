"""Why a file can't be used as a video."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RefusalCode(StrEnum):
    """The kinds of refusals."""

    NOT_A_VIDEO = "not_a_video"
    NO_VIDEO = "no_video"  # only sound
    DAMAGED = "damaged"
    ENCRYPTED = "encrypted"
    CODEC = "codec"  # not supported
    TOO_LARGE = "too_large"  # in pixels
    TOO_LONG = "too_long"


@dataclass(frozen=True)
class Refusal:
    """Why a file was refused: a technical detail in English, and of damage where it begins."""

    code: RefusalCode
    detail: str = ""
    at_seconds: float | None = None  # from the start of the file


class Refused(Exception):
    """The file can't be used as a video."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.detail or refusal.code)
        self.refusal = refusal


def damaged(detail: str, *, at_seconds: float = 0.0) -> Refused:
    """The exception for a file that is damaged from `at_seconds` on."""
    return Refused(Refusal(RefusalCode.DAMAGED, detail, at_seconds))

"""Entitlement, watch progress and simultaneous streams."""

from apps.playback.services import streams
from apps.playback.services.access import NOT_THEIRS, Grant, GrantKind, Reason, authorize, withheld
from apps.playback.services.progress import Heartbeat, clear_history, forget, forget_lapsed, record_heartbeat

__all__ = [
    "NOT_THEIRS",
    "Grant",
    "GrantKind",
    "Heartbeat",
    "Reason",
    "authorize",
    "clear_history",
    "forget",
    "forget_lapsed",
    "record_heartbeat",
    "streams",
    "withheld",
]

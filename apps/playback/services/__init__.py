"""May this viewer watch it, and how far did they get?"""

from apps.playback.services import streams
from apps.playback.services.access import NOT_THEIRS, Grant, GrantKind, Reason, authorize, withheld
from apps.playback.services.progress import Beat, clear_history, forget, forget_lapsed, heartbeat

__all__ = [
    "NOT_THEIRS",
    "Beat",
    "Grant",
    "GrantKind",
    "Reason",
    "authorize",
    "clear_history",
    "forget",
    "forget_lapsed",
    "heartbeat",
    "streams",
    "withheld",
]

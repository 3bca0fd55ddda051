"""May this viewer watch it, and how far did they get?"""

from apps.playback.services import streams
from apps.playback.services.access import Grant, authorize, is_curator, withheld
from apps.playback.services.progress import Beat, clear_history, forget, forget_lapsed, heartbeat

__all__ = [
    "Beat",
    "Grant",
    "authorize",
    "clear_history",
    "forget",
    "forget_lapsed",
    "heartbeat",
    "is_curator",
    "streams",
    "withheld",
]

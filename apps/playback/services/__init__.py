"""May this viewer watch it, and how far did they get?"""

from apps.playback.services.access import Grant, authorize
from apps.playback.services.progress import clear_history, heartbeat

__all__ = ["Grant", "authorize", "clear_history", "heartbeat"]

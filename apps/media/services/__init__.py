"""What can be done with a video: add it, process it, cut its preview, look after what got stuck."""

from apps.media.services.intake import UnableToAddVideo, add_video
from apps.media.services.previews import discard, set_preview
from apps.media.services.processing import process, resume_lapsed, retry

__all__ = ["UnableToAddVideo", "add_video", "discard", "process", "resume_lapsed", "retry", "set_preview"]

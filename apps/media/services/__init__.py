"""What can be done with a video: take it in, process it, cut its preview, look after what got stuck."""

from apps.media.services.intake import UnableToAddVideo, add_video
from apps.media.services.previews import discard, set_preview
from apps.media.services.processing import process, resume_lapsed, retry
from apps.media.services.uploads import finish_upload, look_after_uploads

__all__ = [
    "UnableToAddVideo",
    "add_video",
    "discard",
    "finish_upload",
    "look_after_uploads",
    "process",
    "resume_lapsed",
    "retry",
    "set_preview",
]

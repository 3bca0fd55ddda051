"""What can be done with a video: take it in, process it, cut its preview, look after what got stuck."""

from apps.media import hls
from apps.media.failures import reason
from apps.media.services.doctor import Finding, examine, resume_lapsed
from apps.media.services.encoding.chunks import encode_chunk
from apps.media.services.encoding.processing import cancel, process, retry
from apps.media.services.ingest.adding import UnableToAddVideo, add_video
from apps.media.services.ingest.uploads import finish_upload, look_after_uploads
from apps.media.services.publishing.previews import set_preview
from apps.media.services.renaming import rename_files
from apps.media.services.storage import discard_due, discard_left, discard_replaced

__all__ = [
    "Finding",
    "UnableToAddVideo",
    "add_video",
    "cancel",
    "discard_due",
    "discard_left",
    "discard_replaced",
    "encode_chunk",
    "examine",
    "finish_upload",
    "hls",
    "look_after_uploads",
    "process",
    "reason",
    "rename_files",
    "resume_lapsed",
    "retry",
    "set_preview",
]

"""What can be done with a video: add it, encode it, cut its preview, look after what got stuck.

The way of a file, one module a step and never back:

    ingest.uploads    bytes arrive over tus, or      ingest.adding   add_video: a file of this machine
    ingest.adding     its content is hashed, stored, and found again if it was there
    queue             its video waits, and a worker is called
    ---
    encoding.run      process: takes the lease, probes, plans; says how it ended
    encoding.title    makes everything in order, by passes of ffmpeg or in chunks
    publishing        progressive while it is encoded, final at the end: new rows take the place of old ones
    storage           names each file before it is stored, and deletes it once no address can name it any more

Times: what belongs to one moment takes it as `at`; what runs for long takes a `clock`, the system's by default.
"""

from apps.media import hls
from apps.media.failures import reason
from apps.media.services.doctor import Finding, examine, needed_files, resume_lapsed
from apps.media.services.encoding.chunks import encode_chunk
from apps.media.services.encoding.run import cancel, process
from apps.media.services.ingest.adding import UnableToAddVideo, add_video
from apps.media.services.ingest.uploads import finish_upload, look_after_uploads
from apps.media.services.publishing.previews import set_preview
from apps.media.services.queue import retry
from apps.media.services.storage import discard_due, discard_left, discard_replaced, rename_files, use_names

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
    "needed_files",
    "process",
    "reason",
    "rename_files",
    "resume_lapsed",
    "retry",
    "set_preview",
    "use_names",
]

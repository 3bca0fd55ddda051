"""The accepted containers, and what can be learned from their bytes without FFmpeg.

Only containers that hold the media data themselves are accepted: an HLS playlist, concat list or SVG named .mp4 would
make ffmpeg read files of other people.
"""

from __future__ import annotations

import os
import re

DEMUXERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,live_flv,mpegts,mpeg,mpegvideo,asf,ogg,rm,mxf,wav,mp3,aac,ac3,eac3,"
    "flac,h264,hevc,m4v,dv,nut,ivf,av1,obu,gif,apng,vc1,rawvideo,wtv,yuv4mpegpipe"
)

# (offset, magic bytes) at the beginning of a file.
SIGNATURES = (
    (4, b"ftyp"), (4, b"moov"), (4, b"mdat"), (0, b"\x1aE\xdf\xa3"), (8, b"AVI "), (0, b"FLV\x01"),
    (0, b"0&\xb2u\x8ef\xcf\x11"), (0, b"\0\0\1\xba"), (0, b"OggS"), (0, b".RMF"), (0, b"\x06\x0e+4"),
    (0, b"YUV4MPEG2"), (0, b"nut/multimedia"),
)  # fmt: skip

# Major brands in `ftyp` of photos in an MP4 container (ISO/IEC 23008-12 HEIF, AVIF; Canon's CR3).
PHOTOS = {b"heic", b"heix", b"heim", b"heis", b"mif1", b"avif", b"crx "}
HEAD = 4 * 1024 * 1024  # bytes searched for signs of encryption
LARGEST_INDEX = 64 * 1024 * 1024  # bytes of `moov` that are searched
MP4_BEGINS = {b"ftyp", b"styp", b"moov", b"mdat", b"free", b"wide", b"skip"}
PROTECTED = (b"encv", b"drmi")  # sample entries of encrypted video: ISO/IEC 23001-7, and FairPlay's
# Sample entries of encrypted audio, with their protection scheme box (ISO/IEC 14496-12 §8.12)
PROTECTED_BESIDE = re.compile(rb"(enca|drms).{16,400}?sinf.{4,40}?(schm|frma)", re.DOTALL)
# ContentEncodings, ContentEncodingType = 1 … ContentEncryption (RFC 9559 §5.1.4.1.31)
MATROSKA_ENCRYPTION = re.compile(rb"\x6d\x80.{1,8}\x62\x40.{1,64}\x50\x35", re.DOTALL)
# The Dolby Vision configuration record ("Dolby Vision Streams Within the ISO Base Media File Format" 2.1 §3.2) in a
# sample entry of MP4, and as BlockAddIDType and BlockAddIDExtraData of a Matroska track (RFC 9559 §5.1.4.1.17)
DOLBY_VISION = re.compile(rb"dv[cv]C([\x01-\x03].{4})", re.DOTALL)
MATROSKA_DOLBY_VISION = re.compile(rb"\x41\xe7\x84dv[cv]C\x41\xed.([\x01-\x03].{4})", re.DOTALL)
DOLBY_VISION_ONLY = {5, 10}  # profiles whose base layer need not be compatible with any other format
REWIND = 1.0  # seconds; a broadcast's clock that goes back by more has been reset
TS_PACKETS = (188, 192, 204)  # bytes (ISO/IEC 13818-1; Blu-ray; DVB with parity)
TS_LEAST = 5  # consecutive sync bytes ("G") that tell a transport stream from text


def is_known(file: int) -> bool:
    """Whether the open file begins with the magic bytes of an accepted container."""
    head = os.pread(file, 32, 0)
    return any(head[at : at + len(sign)] == sign for at, sign in SIGNATURES)


def is_photo(file: int) -> bool:
    """Whether the open file is a photo in an MP4 container."""
    head = os.pread(file, 12, 0)
    return head[4:8] == b"ftyp" and head[8:12] in PHOTOS


def encrypted(file: int) -> bool:
    """Whether the video or audio of an open MP4 or Matroska file is encrypted. See `broadcast` for MPEG-TS.

    This looks at the bytes because FFmpeg can't even open some encrypted files.
    """
    head = os.pread(file, HEAD, 0)
    if head[:4] == b"\x1aE\xdf\xa3":
        return bool(MATROSKA_ENCRYPTION.search(head))
    if head[4:8] in MP4_BEGINS:
        index = _index(file)
        return any(entry in index for entry in PROTECTED) or bool(PROTECTED_BESIDE.search(index))
    return False


def for_dolby_vision_only(file: int, container: str) -> bool:
    """Whether the video of the open file can be shown in true colours by Dolby Vision decoders only."""
    found = None
    if "mp4" in container:
        found = DOLBY_VISION.search(_index(file))
    elif "matroska" in container:
        found = MATROSKA_DOLBY_VISION.search(os.pread(file, HEAD, 0))
    return found is not None and found[1][2] >> 1 in DOLBY_VISION_ONLY and found[1][4] >> 4 == 0


def _index(file: int) -> bytes:
    """The `moov` box of an MP4 file, up to LARGEST_INDEX; empty if there is none."""
    at, size = 0, os.fstat(file).st_size
    while at + 8 <= size:
        head = os.pread(file, 16, at)
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        length = length or size - at
        if head[4:8] == b"moov":
            return os.pread(file, min(length, LARGEST_INDEX), at)
        if length < 8:
            break
        at += length
    return b""


def ts_packets(head: bytes) -> list[bytes]:
    """The packets of a transport stream, without leading time codes or trailing parity; none for any other file."""
    for length in TS_PACKETS:
        for start in range(length):
            syncs = head[start::length]
            if len(syncs) >= TS_LEAST and syncs.count(b"\x47") > 0.9 * len(syncs):
                return [head[at : at + 188] for at in range(start, len(head) - 187, length)]
    return []


def bearable(length: float) -> float:
    """Seconds that may be missing of a film of `length` seconds before it counts as cut short."""
    return max(min(1.0, 0.5 * length), 0.05 * length)

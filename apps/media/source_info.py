"""The summary of a source that is stored with its video, and its description for curators."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from apps.media.models import Video
from apps.media.services.encoding.subtitles import CONVERTED
from utils import typed_json
from utils.languages import language_name, language_tag
from utils.mediakit.source import Shape, Source, TextTrack
from utils.mediakit.text_tracks import UNKNOWN
from utils.templatetags.formats import duration

PICTURES_OF_TEXT = {"pgssub", "dvdsub", "dvbsub", "xsub"}
CONTAINERS = {
    "mov": "MP4 / MOV", "matroska": "MKV / WebM", "mpegts": "MPEG-TS", "mpeg": "MPEG-PS", "avi": "AVI", "flv": "FLV",
    "asf": "WMV / ASF", "rm": "RealMedia", "mxf": "MXF", "ogg": "Ogg", "gif": "GIF", "apng": "APNG",
}  # fmt: skip
CODECS = {
    "h264": "H.264", "hevc": "H.265", "av1": "AV1", "libdav1d": "AV1", "vp8": "VP8", "vp9": "VP9", "libvpx-vp9": "VP9",
    "mpeg1video": "MPEG-1", "mpeg2video": "MPEG-2", "mpeg4": "MPEG-4 ASP", "msmpeg4": "MPEG-4 v3", "theora": "Theora",
    "mjpeg": "Motion JPEG", "prores": "ProRes", "dnxhd": "DNxHD", "wmv3": "WMV 9", "vc1": "VC-1", "flv": "Sorenson",
    "aac": "AAC", "ac3": "Dolby Digital", "eac3": "Dolby Digital Plus", "truehd": "Dolby TrueHD", "dca": "DTS",
    "mp3float": "MP3", "mp2float": "MP2", "opus": "Opus", "vorbis": "Vorbis", "flac": "FLAC", "alac": "ALAC",
    "mp3": "MP3", "mp2": "MP2", "wmav2": "WMA", "subrip": "SRT", "srt": "SRT", "ass": "ASS", "ssa": "SSA",
    "webvtt": "WebVTT", "mov_text": "MP4", "pgssub": "PGS", "eia_608": "CEA-608", "eia_708": "CEA-708",
    "cc_dec": "CEA-608", "dvb_teletext": "Teletext", "xsub": "XSUB", "dvdsub": "VobSub", "dvbsub": "DVB",
}  # fmt: skip
LAYOUTS = {6: "5.1", 7: "6.1", 8: "7.1"}
DEPTH = re.compile(r"p(9|1[0-6])(le|be)$")  # of FFmpeg's names of planar pixel formats: yuv420p10le
SUBSAMPLING = re.compile(r"^yuvj?(4[0-4][0-4])p")

Facts = list[tuple[str, list[str]]]


@dataclass(frozen=True)
class VideoInfo:
    """The summary of a VideoTrack."""

    codec: str
    profile: str
    width: int  # pixels as coded
    height: int
    sar: float
    rotation: float  # degrees
    rate: Fraction  # frames per second
    bit_rate: int  # bits per second
    interlaced: bool
    hdr: str
    pixel_format: str
    shapes: tuple[Shape, ...] = ()


@dataclass(frozen=True)
class AudioInfo:
    """The summary of an AudioTrack."""

    codec: str
    channels: int
    bit_rate: int  # bits per second
    language: str
    title: str
    varies: bool = False


@dataclass(frozen=True)
class TextInfo:
    """The summary of a TextTrack; `made` is False if it couldn't be converted."""

    codec: str
    language: str
    title: str
    page: str = ""
    default: bool = False
    forced: bool = False
    made: bool = True


@dataclass(frozen=True)
class SourceInfo:
    """The summary of a Source. The database holds its JSON, some of it written by earlier versions."""

    container: str
    video: VideoInfo
    audio: tuple[AudioInfo, ...]
    subtitles: tuple[TextInfo, ...]


def summary(source: Source, *, converted: Collection[TextTrack] | None = None) -> SourceInfo:
    """The summary of a source. `converted` are the text tracks that were converted; None before that is tried."""
    video = source.video
    return SourceInfo(
        container=source.container,
        video=VideoInfo(
            codec=video.codec,
            profile=video.profile,
            width=video.width,
            height=video.height,
            sar=video.sar,
            rotation=video.rotation,
            rate=video.frame_rate,
            bit_rate=video.bit_rate,
            interlaced=video.interlaced,
            hdr=video.hdr,
            pixel_format=video.pixel_format,
            shapes=video.shapes,
        ),
        audio=tuple(
            AudioInfo(track.codec, track.channels, track.bit_rate, track.language, track.title, track.varies)
            for track in source.audio
        ),
        subtitles=tuple(
            TextInfo(
                codec=track.codec,
                language=track.language,
                title=track.title,
                page=track.page,
                default=track.default,
                forced=track.forced,
                made=converted is None or track in converted,
            )
            for track in source.texts
        ),
    )


def column(source: Source, *, converted: Collection[TextTrack] | None = None) -> typed_json.Json:
    """The `summary` of a source as stored in `Video.source_info`."""
    return typed_json.dump(summary(source, converted=converted))


def describe(video: Video) -> Facts:
    """Name and lines of each fact about the source, for curators. Empty before the probe."""
    if not video.source_info:
        return []
    source = typed_json.load(SourceInfo, video.source_info)
    return [
        (_("File"), [f"{container_name(source.container)} · {filesizeformat(video.size)}"]),
        (_("Duration"), [duration(video.duration) if video.duration else "–"]),
        (_("Resolution and frame rate"), [_picture(source.video, video), *_oddities(source.video)]),
        (_("Colour"), [_colour(source.video)]),
        (_("Audio"), [_sound(track) for track in source.audio] or [_("none")]),
        (_("Subtitles"), [_text(track) for track in source.subtitles] or [_("none")]),
        (_("Chapters"), [str(len(video.chapters)) if video.chapters else _("none")]),
    ]


def container_name(demuxer: str) -> str:
    """The usual name of the container that an FFmpeg demuxer reads ("mov,mp4,m4a,3gp,3g2,mj2": MP4 / MOV)."""
    first = demuxer.split(",", 1)[0]
    return CONTAINERS.get(first, first.upper())


def codec_name(codec: str) -> str:
    """The usual name of the codec that an FFmpeg decoder reads."""
    return "PCM" if codec.startswith("pcm_") else CODECS.get(codec, codec)


def bit_rate(bits: float) -> str:
    """Bits per second for people: "640 kbit/s", "4.2 Mbit/s"."""
    return f"{bits / 1e6:.1f} Mbit/s" if bits >= 1e6 else f"{bits / 1e3:.0f} kbit/s"


def layout_name(channels: int) -> str:
    """The usual name of a channel count: "stereo", "5.1"."""
    if channels in LAYOUTS:
        return LAYOUTS[channels]
    if channels == 1:
        return _("mono")
    return _("stereo") if channels == 2 else _("%d channels") % channels


def _picture(picture: VideoInfo, video: Video) -> str:
    rate = f"{float(picture.rate):.3f}".rstrip("0").rstrip(".")
    size = f"{video.width or picture.width} × {video.height or picture.height}"
    codec = f"{codec_name(picture.codec)} {picture.profile}".strip()
    return " · ".join([codec, size, _("%s fps") % rate, bit_rate(picture.bit_rate)])


def _oddities(picture: VideoInfo) -> list[str]:
    """Properties that the encoder corrects for viewers."""
    said = []
    if picture.rotation % 360:
        said.append(_("Rotated %d°") % (picture.rotation % 360))
    if abs(picture.sar - 1) > 0.01:
        stored = f"{picture.width} × {picture.height}"
        said.append(_("Stored as %s, stretched for display (anamorphic)") % stored)
    if picture.shapes:
        seen = dict.fromkeys(f"{shape.width} × {shape.height}" for shape in picture.shapes)  # in their order
        said.append(_("Aspect ratio changes during the video (%s); every part is shown in full") % ", ".join(seen))
    if picture.interlaced:
        said.append(_("Interlaced"))
    return said


def _colour(picture: VideoInfo) -> str:
    depth = DEPTH.search(picture.pixel_format)
    sampling = SUBSAMPLING.search(picture.pixel_format)
    said = {
        "pq": _("HDR (PQ), converted to SDR"),
        "hlg": _("HDR (HLG), converted to SDR"),
    }.get(picture.hdr, "SDR")
    parts = [said, _("%s-bit") % (depth[1] if depth else "8")]
    return " · ".join([*parts, ":".join(sampling[1])] if sampling else parts)


def _language(track: AudioInfo | TextInfo) -> str:
    return language_name(language_tag(track.language)) or _("unknown language")


def _sound(track: AudioInfo) -> str:
    parts = [_language(track), track.title, codec_name(track.codec), layout_name(track.channels)]
    parts += [_("changes during the video")] if track.varies else []
    return " · ".join([part for part in parts if part] + [bit_rate(track.bit_rate)])


def _text(track: TextInfo) -> str:
    kind = _("unknown format") if track.codec == UNKNOWN else codec_name(track.codec)
    parts = [_language(track), track.title, f"{kind} {track.page}".strip()]
    parts += [_("shown by default")] if track.default else []
    parts += [_("foreign dialogue only")] if track.forced else []
    if track.codec in PICTURES_OF_TEXT:
        parts.append(_("image-based, skipped"))
    elif track.codec not in CONVERTED:
        parts.append(_("unsupported format, skipped"))
    elif not track.made:
        parts.append(_("empty or unreadable, skipped"))
    return " · ".join(part for part in parts if part)

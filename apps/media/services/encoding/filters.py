"""ffmpeg filters that turn decoded frames into the largest level of a pass."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from apps.media.services.encoding import ladder
from apps.media.services.encoding.plan import Level, Part, Plan
from utils.mediakit.source import Shape, Source, VideoTrack

TRANSFERS = {"pq": "smpte2084", "hlg": "arib-std-b67"}
SCALED = {0, 1, 2, 4, 5, 6, 7, 9}  # matrices that ffmpeg's filter `scale` can read (ITU-T H.273 table 4)
SOONER = 0.002  # seconds by which a shape begins early; containers round to milliseconds


def base(source: Source, plan: Plan, top: Level, part: Part) -> list[str]:
    """Filters from decoded frames to the largest level of a pass: 8 bit 4:2:0, square pixels, and BT.709 for HDR."""
    video = source.video
    steps = [] if video.color_matrix in SCALED else ["setparams=colorspace=bt2020nc"]  # the closest match, or a guess
    if video.interlaced:
        steps += [_one_size(video.shapes)] if video.shapes else []
        steps.append("bwdif=mode=send_frame")
    if video.shapes:
        steps += _fit(video, top, begins=plan.seconds(part.first))
    steps.append(f"fps={plan.rate.numerator}/{plan.rate.denominator}:start_time=0")
    if part.frames:
        # where decoding ends early the last frame is repeated, so that the next part follows without a gap
        steps.append(f"tpad=stop=-1:stop_mode=clone,trim=end_frame={part.frames}")
    elif not plan.copied and source.duration - video.end > 0.04:  # the audio is longer: repeat the last frame
        steps.append(f"tpad=stop_mode=clone:stop_duration={source.duration - video.end:.3f}")
    if not video.shapes:
        steps.append(f"scale={top.width}:{top.height}:flags=bicubic:out_range=tv")
    if video.hdr:
        steps.append(
            f"zscale=tin={TRANSFERS[video.hdr]}:pin=bt2020:min=bt2020nc:rin=tv:p=bt2020:t=linear:npl=100,format=gbrpf32le,"
            "zscale=p=bt709,tonemap=hable:desat=0,zscale=t=bt709:m=bt709:p=bt709:r=tv"
        )
    elif video.color_matrix == 2:  # unspecified: players must not guess differently for each level
        known = "bt709" if min(video.shown_size()) >= 720 else "smpte170m"
        steps.append(f"setparams=colorspace={known}:color_primaries={known}:color_trc={known}")
    steps.append("format=yuv420p")
    return steps


def _one_size(shapes: Sequence[Shape]) -> str:
    """Scale all frames to the largest coded size, field by field, since bwdif compares neighbouring frames."""
    return f"scale={max(s.width for s in shapes)}:{max(s.height for s in shapes)}:interl=-1"


def _fit(video: VideoTrack, top: Level, *, begins: float) -> list[str]:
    """Fit each shape into the level, in its own aspect ratio and with black bars.

    The expressions depend on the time, from `begins` seconds on, because ffmpeg's filters only see the aspect ratio at
    the beginning of the file.
    """
    sizes = [_inside(video, shape, top) for shape in video.shapes]
    starts = [shape.start - begins - SOONER for shape in video.shapes]
    width, height = (_stepwise([size[side] for size in sizes], starts) for side in (0, 1))
    return [
        f"scale=w='{width}':h='{height}':eval=frame:flags=bicubic:out_range=tv",
        f"pad={top.width}:{top.height}:-1:-1:eval=frame",
    ]


def _inside(video: VideoTrack, shape: Shape, top: Level) -> tuple[int, int]:
    shown = video.shown_size(shape)
    scale = min(top.width / shown[0], top.height / shown[1])
    return min(top.width, ladder.even(shown[0] * scale)), min(top.height, ladder.even(shown[1] * scale))


def _stepwise(values: list[int], starts: list[float]) -> str:
    """An ffmpeg expression of the time `t` that takes each value from its start, in seconds, on."""
    steps = zip(starts[1:], pairwise(values), strict=True)
    return str(values[0]) + "".join(f"{b - a:+d}*gte(t,{start:.3f})" for start, (a, b) in steps if a != b)

"""A file that points at other files or addresses reads nothing of them."""

from __future__ import annotations

import json
import os
import re
import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from apps.media import services
from apps.media.models import State
from tests.conftest import ROOT
from tests.media import footage
from tests.media.footage import make
from tests.media.outcome import H264, ended
from utils.mediakit.sandbox import landlock
from utils.storages import videos

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def pointers(folder: Path, bait: Path, address: str) -> list[Path]:
    """Files, named as videos, that point at another one and at an address."""
    segment = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:3\n{extra}#EXTINF:2.4,\n{to}\n#EXT-X-ENDLIST\n"
    contents = {
        "playlist_path.mp4": segment.format(extra="", to=bait),
        "playlist_file.ts": segment.format(extra="", to=f"file://{bait}"),
        "playlist_http.mp4": segment.format(extra="", to=f"{address}/a.ts"),
        "playlist_map.mp4": segment.format(extra=f'#EXT-X-MAP:URI="{bait}"\n', to=bait),
        "playlist_key.mp4": segment.format(extra=f'#EXT-X-KEY:METHOD=AES-128,URI="{address}/key"\n', to=bait),
        "playlist_concat.mp4": segment.format(extra="", to=f"concat:{bait}|{bait}"),
        "playlist_subfile.avi": segment.format(extra="", to=f"subfile,,start,0,end,64,,:{bait}"),
        "playlist_texts.mp4": f'#EXTM3U\n#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="t",NAME="t",URI="{bait}"\n'
        f'#EXT-X-STREAM-INF:BANDWIDTH=1000,SUBTITLES="t"\n{bait}\n',
        "concat.mp4": f"ffconcat version 1.0\nfile {bait}\nfile '{bait}'\n",
        "concat_http.mkv": f"ffconcat version 1.0\nfile {address}/a.mp4\n",
        "list.mp4": f"file '{bait}'\n",
        "drawing.mp4": f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="64" '
        f'height="64"><image xlink:href="file://{bait}" width="64" height="64"/><image href="{address}/a.png"/></svg>',
        "drawing.svg": f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{bait}"/></svg>',
        "manifest.mp4": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        f'mediaPresentationDuration="PT2S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" '
        f'bandwidth="1000"><BaseURL>file://{bait}</BaseURL></Representation></AdaptationSet></Period></MPD>',
        "session.mp4": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
        "texts.idx": f"# VobSub index file, v7\nsize: 720x576\nid: en, index: 0\n# {bait}\n",
        "metafile.wmv": f'<asx version="3.0"><entry><ref href="{address}/a.wmv"/></entry></asx>',
        "metafile.asf": f"[Reference]\nRef1={address}/a.asf\n",
        "images.mp4": f"{folder}/bait%03d.png\n",
    }
    for name, text in contents.items():
        (folder / name).write_text(text)
    return [folder / name for name in contents]


OPEN = re.compile(r'^(\d+) .*?\b(?:open|openat|openat2|creat)\((?:[^"]*)"([^"]*)"')
RESTRICTED = re.compile(r"\d+ +(?:<... )?landlock_restrict_self.* = 0$")
READABLE = (
    "/usr/", "/lib", "/etc/", "/proc", "/sys/", "/dev/", "/bin/", "/nix/", sys.prefix, sys.base_prefix, str(ROOT),
)  # fmt: skip


def test_what_points_elsewhere_reads_nothing(tmp_path):
    bait, data = tmp_path / "bait.mp4", tmp_path / "data"
    make(bait, *H264)
    for twin in ("bait.ts", "bait001.png"):
        footage.ffmpeg("-i", str(bait), "-frames:v", "1", str(tmp_path / twin))
    (tmp_path / "texts.sub").write_bytes(b"\0\0\1\xba" + bytes(2048))
    log = tmp_path / "calls"
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        files = pointers(tmp_path, bait, f"http://127.0.0.1:{server.getsockname()[1]}")
        corpus = ROOT.parent / "shared" / "data" / "video" / "m3u8_localfile_named.mp4"
        files += [corpus] if corpus.exists() else []
        done = subprocess.run(
            [
                *("strace", "-f", "-qq", "-s", "400", "-e", "signal=none", "-o", str(log)),
                *("-e", "trace=open,openat,openat2,creat,execve,connect,?landlock_restrict_self"),
                *(sys.executable, "-m", "tests.media.job", str(data), *map(str, [*files, bait])),
            ],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        with pytest.raises(BlockingIOError):  # nobody called
            server.accept()
    said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    assert said[:-1] == [[path.name, "failed", "not_a_video"] for path in files]
    assert said[-1] == ["bait.mp4", "ready", ""]  # the watch works: it sees what a job opens
    watch(log.read_text(), data, files, bait)


def watch(calls: str, data: Path, files: list[Path], bait: Path) -> None:
    """Look through every file that was opened, and by whom."""
    opened = [match.groups() for match in map(OPEN.match, calls.splitlines()) if match]
    by_tools = {
        line.split()[0]
        for line in calls.splitlines()
        if "execve(" in line and re.search(r"ffmpeg|utils\.mediakit\.measure", line)
    }
    if landlock.version():
        lines = calls.splitlines()
        started = re.compile(r"execve\(.*(nostdin|utils\.mediakit\.measure)")
        on_uploads = {line.split()[0] for line in lines if started.search(line)}
        assert len(on_uploads) > len(files)
        assert on_uploads <= {line.split()[0] for line in lines if RESTRICTED.match(line)}
    paths = {path for _, path in opened}
    assert sum(str(bait) == path for _, path in opened) == 1  # by the job that stores it, at the end
    assert not paths & {str(bait.with_suffix(".ts")), str(bait.parent / "bait001.png"), str(bait.parent / "texts.sub")}
    assert len(by_tools) > len(files)
    for caller, path in opened:
        if caller in by_tools and path.startswith("/"):
            assert path.startswith((*READABLE, str(data / "work"))), path
    names = {path for caller, path in opened if caller in by_tools and not path.startswith("/")}
    assert any(name.endswith(".mp4") for name in names)  # the results, in the job's folder
    assert not any(os.sep in name or "bait" in name for name in names)


def alias(path: Path) -> bytes:
    """What an Alias Manager record says of a file, as FFmpeg reads it: a name, and the absolute path as item 2."""
    name, where = path.name.encode()[:60], str(path).encode()
    items = struct.pack(">HH", 2, len(where)) + where + bytes(len(where) % 2) + b"\xff\xff\0\0"
    head = bytes(10) + bytes([4]) + b"disk".ljust(27, b"\0") + bytes(12) + bytes([len(name)]) + name.ljust(63, b"\0")
    return head + bytes(16) + struct.pack(">HH", 1, 1) + bytes(16) + items


def pointing(film: bytes, kind: bytes, place: bytes) -> bytes:
    """A QuickTime film, its index behind its data, both tracks of which say that their data lie elsewhere."""
    data = bytearray(film)
    for _ in range(2):
        at = data.index(b"dref\0\0\0\0\0\0\0\1") + 12  # the first that is as it was made
        old = int.from_bytes(data[at : at + 4], "big")
        entry = struct.pack(">I4sI", 12 + len(place), kind, 0) + place
        data[at : at + old] = entry
        data[at - 8 + 3] = 1  # a version of its own, so that it isn't found again
        grown = len(entry) - old
        for name in (b"dref", b"dinf", b"minf", b"mdia", b"trak", b"moov"):
            box = data.rindex(name, 0, at) - 4
            data[box : box + 4] = (int.from_bytes(data[box : box + 4], "big") + grown).to_bytes(4, "big")
    return bytes(data)


@pytest.mark.parametrize("kind", [b"url ", b"alis"])
@pytest.mark.parametrize("emptied", [False, True])
def test_data_in_another_file_are_never_read(kind, emptied, tmp_path):
    """A film that says its data are in a file of this machine: nothing of that is in what is made, copied or stored."""
    foreign = make(
        tmp_path / "secret.mov", *H264, source="testsrc2=s=320x240:r=25:d=3,noise=alls=40:allf=t"
    ).read_bytes()
    place = str(tmp_path / "secret.mov")
    record = alias(Path(place)) if kind == b"alis" else f"file://{place}".encode() + b"\0"
    own = make(tmp_path / "own.mov", *H264).read_bytes()
    data = bytearray(pointing(own, kind, record))
    start, end = data.index(b"mdat") + 4, data.index(b"moov") - 4
    if emptied:
        data[start:end] = bytes(end - start)
    (tmp_path / "pointing.mov").write_bytes(data)
    video = services.add_video(path=tmp_path / "pointing.mov", original_name="pointing.mov")
    services.process(video_id=video.pk)
    video.refresh_from_db()
    if emptied or kind == b"alis":  # which FFmpeg would open, and may not: then there are no data
        assert (video.state, video.failure.partition("@")[0]) == (State.FAILED, "damaged")
    else:
        assert video.state == State.READY, video.failure_detail
        assert all(footage.red_corner(row) == "top left" for row in footage.levels_of(video))
        red, green, blue = footage.first_picture(footage.levels_of(video)[0])[-4, -4]
        assert abs(red - blue) < 30  # grey
        assert abs(red - green) < 30
    markers = [foreign[at : at + 24] for at in range(foreign.index(b"mdat") + 2000, foreign.index(b"moov") - 200, 997)]
    markers = [marker for marker in markers if marker not in own]
    assert len(markers) > 5
    for row in video.renditions.all():
        stored = Path(videos().path(row.file)).read_bytes()
        assert not any(marker in stored for marker in markers)
    assert "secret" not in f"{video.source_info}{video.failure_detail}"


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:2,\n{}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{}'\n",
        '#EXTM3U\n#EXT-X-MAP:URI="{}"\n#EXTINF:2,\n{}\n',
        "<?xml version='1.0'?><MPD><BaseURL>{}</BaseURL></MPD>",
        "<svg xmlns='http://www.w3.org/2000/svg'><image href='{}'/></svg>",
    ],
)
def test_a_list_of_other_files_is_no_video(text, tmp_path):
    secret = make(tmp_path / "secret.mp4", *H264)
    for name in ("list.mp4", "list.m3u8", "list.mkv"):
        (tmp_path / name).write_text(text.replace("{}", str(secret)))
        assert ended(tmp_path / name) == (State.FAILED, "not_a_video")

"""Playlists rendered from segment tables."""

from __future__ import annotations

from apps.media import hls
from apps.media.models import Rendition


def ranges(segments: list[list[float]]) -> list[str]:
    text = hls.media(Rendition(init_length=100, segments=segments), file_url="/v/a")
    return [line.split(":")[1] for line in text.splitlines() if line.startswith(("#EXTINF", "#EXT-X-BYTERANGE"))]


def test_a_segment_is_a_byte_range():
    assert ranges([[100, 450, 4.0], [550, 50, 1.5]]) == ["4.000000,", "450@100", "1.500000,", "50@550"]


def test_a_last_segment_of_a_few_samples_is_joined_to_its_neighbour():
    assert ranges([[100, 450, 4.0], [550, 50, 0.006]]) == ["4.006000,", "500@100"]
    assert ranges([[100, 50, 0.006]]) == ["0.006000,", "50@100"]


def test_every_segment_has_an_address_of_its_own():
    text = hls.media(Rendition(init_length=100, segments=[[100, 450, 4.0], [550, 50, 1.5]]), file_url="/v/a?st=x&ts=1")
    assert [line for line in text.splitlines() if line.startswith("/v/")] == [
        "/v/a?st=x&ts=1&n=0",
        "/v/a?st=x&ts=1&n=1",
    ]


def test_a_title_in_the_making_has_a_playlist_that_goes_on():
    row = Rendition(init_length=100, progressive=True, segments=[[100, 450, 4.0], [550, 50, 0.3]])
    lines = hls.media(row, file_url="/v/a").splitlines()
    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in lines
    assert "#EXT-X-START:TIME-OFFSET=0" in lines
    assert "#EXT-X-ENDLIST" not in lines
    assert [line for line in lines if line.startswith("#EXTINF")] == ["#EXTINF:4.000000,", "#EXTINF:0.300000,"]
    row.progressive = False
    whole = hls.media(row, file_url="/v/a").splitlines()
    assert whole[-1] == "#EXT-X-ENDLIST"
    assert "#EXT-X-PLAYLIST-TYPE:VOD" in whole


def test_a_name_can_t_end_its_line():
    sound = Rendition(kind=Rendition.Kind.AUDIO, name="a0", label='Say "hi"\r\n\x0b\x85\u2028#EXT')
    text = hls.master([sound], [], rendition_url=lambda row: "/a", subtitle_url=lambda row: "/s")
    assert "NAME=\"Say 'hi'     #EXT\"" in text
    assert len(text.splitlines()) == 4

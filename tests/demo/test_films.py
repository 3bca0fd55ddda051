"""A film of the demo starts quickly and has a size for every connection."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import m3u8
import pytest

from apps.media import services as media
from apps.media.models import State
from apps.movies import services as movies
from apps.movies.models import Episode
from deploy.demo import footage
from deploy.demo.catalogue import BY_KEY, TITLES
from tests.factories import make_movie

pytestmark = pytest.mark.django_db(transaction=True)
STEP = 2.5  # a rendition takes at most so many times the bits of the next smaller one


def test_every_size_of_a_film_has_a_peak():
    assert {title.size[1] for title in TITLES} | {footage.SMALL_SIZE[1]} == set(footage.PEAKS)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "seconds", "segments", "most"),  # `most` bytes of picture and sound come before the first frame at 720p
    [("inn", 10, [4.0, 4.0, 2.0], 350_000), ("winds", 6, [4.0, 2.0], 1_200_000)],  # smooth, and full of fine lines
)
def test_a_film_begins_at_once_and_its_ladder_has_no_holes(client, tmp_path, key, seconds, segments, most):
    title = BY_KEY[key]
    film = footage.shoot(title, replace(title.parts[0], seconds=seconds), folder=tmp_path)
    episode = Episode.objects.create(movie=make_movie(original_title=title.original), number=1)
    video = movies.attach_video(episode=episode, path=film, original_name=f"{key}.mp4", move=True)
    media.process(video_id=video.pk)
    video.refresh_from_db()
    assert video.state == State.READY

    base = f"/play/{episode.movie_id}/1"
    master = m3u8.loads(client.get(f"{base}/master.m3u8").content.decode())
    sizes = {one.stream_info.resolution[1]: one for one in master.playlists}
    assert sorted(sizes) == [240, 360, 480, 720]
    rates = [sizes[height].stream_info.bandwidth for height in sorted(sizes)]
    assert all(low < high <= STEP * low for low, high in pairwise(rates)), rates

    def playlist(uri: str) -> m3u8.M3U8:
        return m3u8.loads(client.get(uri).content.decode())

    first = 0
    for uri in (sizes[720].uri, master.media[0].uri):
        found = playlist(uri)
        assert [round(part.duration, 1) for part in found.segments] == segments
        length, _, offset = found.segments[0].byterange.partition("@")
        first += int(offset) + int(length)
    assert first < most, first

"""The site on FastDFS: a film from its upload to its deletion, and storages that fail on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings as site_settings
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from apps.media import services
from apps.media.models import PendingDeletion, Rendition, State, Upload, Video
from apps.media.services.doctor import named_files, resume_lapsed
from apps.media.services.encoding import ladder
from apps.media.services.leases import ATTEMPTS
from apps.movies.models import Episode
from tests.factories import make_movie
from tests.fastdfs.conftest import cluster, start
from tests.fastdfs.server import FastDFS
from tests.media import footage
from tests.media.test_progressive import SECONDS, SOURCE, decoded, published
from tests.media.test_replacement import Viewer
from tests.media.uploading import begin, create, curator, head, patch
from utils.signing import sign
from utils.storages import videos
from utils.storages.fastdfs import FastDFSStore

__all__ = ["cluster", "curator", "published", "start"]
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def on_fastdfs(cluster: FastDFS, settings, tmp_path) -> Iterator[FastDFS]:
    """The site keeps its videos in a cluster, and waits at most a second for a storage."""
    settings.VIDEO_STORAGE_URL = f"fastdfs://{','.join(cluster.addresses)}/group1?timeout=1"
    settings.WORK_DIR = str(tmp_path / "work")
    settings.STORAGES = {**settings.STORAGES}  # made anew
    yield cluster
    store = storages["videos"]
    assert isinstance(store, FastDFSStore)
    store.client.close()
    settings.STORAGES = {**settings.STORAGES}


@pytest.fixture
def film(tmp_path) -> Path:
    """Three seconds of a few megabytes, with a sound and a text; two levels."""
    (tmp_path / "a.srt").write_text("1\n00:00:00,500 --> 00:00:01,500\nHello\n")
    plain = footage.make(tmp_path / "plain.mkv", "-c:v", "libx264", "-preset", "ultrafast", "-bf", "0",
                         "-crf", "12", source="testsrc2=s=640x360:r=25:d=3,noise=alls=20:allf=t")  # fmt: skip
    path = tmp_path / "film.mkv"
    footage.ffmpeg("-i", str(plain), "-i", str(tmp_path / "a.srt"), "-c", "copy", str(path))
    return path


def on_disk(cluster: FastDFS) -> set[str]:
    """The ids of all files on the storages."""
    cluster.settle()
    found = [{name.replace("data/", "group1/M00/", 1) for name in storage.files()} for storage in cluster.storages]
    assert found[0] == found[1]
    return found[0]


def arrived(film: Path) -> Video:
    return services.add_video(path=film, original_name=film.name)


def tried(video: Video) -> Video:
    services.process(video_id=video.pk)
    video.refresh_from_db()
    return video


def later(video: Video) -> Video:
    """Its pause is over, and a worker takes it."""
    Video.objects.filter(pk=video.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert resume_lapsed(at=timezone.now()) == 1
    return tried(video)


def doctor() -> list[str]:
    said = StringIO()
    call_command("media_doctor", stdout=said)
    return said.getvalue().splitlines()


def discard(video: Video) -> None:
    """Delete what is replaced, once its addresses have expired."""
    services.discard_due(at=timezone.now() + timedelta(seconds=site_settings.TOKEN_TTL) + timedelta(minutes=10))


def test_a_film_from_its_upload_to_its_replacement(client, curator, film, on_fastdfs):
    content = film.read_bytes()
    path = begin(curator, len(content), **{"Upload-Metadata": "filename ZmlsbS5ta3Y="})
    assert patch(curator, path, 0, content[:100_001]).status_code == 204
    assert head(curator, path)["Upload-Offset"] == "100001"
    assert patch(curator, path, 5, b"wrong").status_code == 409
    assert patch(curator, path, 100_001, content[100_001:]).status_code == 204
    video = Video.objects.get()
    assert video.sha256 == hashlib.sha256(content).hexdigest()
    assert videos().open(video.original).read() == content
    again = begin(curator, len(content))
    assert patch(curator, again, 0, content).status_code == 204
    assert Video.objects.get() == video
    assert on_disk(on_fastdfs) == {video.original}
    Upload.objects.all().delete()

    services.set_preview(video=video, seconds=1)
    assert tried(video).state == State.READY, video.failure_detail
    episode = Episode.objects.create(movie=make_movie(), number=1, video=video)
    early = Viewer(client, episode)
    seen = early.watch()
    assert len(seen) == 4  # two levels, a sound, a text
    assert all(decoded(data) > 2 for path, data in seen.items() if path.endswith("p.m3u8"))
    assert b"Hello" in early.get(next(file for path, (file, _) in early.tracks.items() if "text-" in path))
    assert doctor() == ["All is well"]
    assert on_disk(on_fastdfs) == named_files()

    assert services.retry(video_id=video.pk, at=timezone.now())
    assert tried(video).state == State.READY, video.failure_detail
    assert early.watch() == seen
    discard(video)
    assert not PendingDeletion.objects.exists()
    assert on_disk(on_fastdfs) == named_files()

    viewer, old = Viewer(client, episode), set(Rendition.objects.values_list("file", flat=True))
    seen = viewer.watch()
    assert services.rename_files(video=video)
    assert Viewer(client, episode).watch() == seen
    assert not old & on_disk(on_fastdfs)
    assert on_disk(on_fastdfs) == named_files()

    lost = Rendition.objects.first()
    videos().delete(lost.file)
    on_fastdfs.settle()
    assert doctor()[0].endswith("encoded again")
    assert tried(video).state == State.READY


def test_the_answers_of_a_file_address(client, film, on_fastdfs):
    content = film.read_bytes()
    name = videos().adopt(film, suffix=".mp4", move=False)
    address = sign(reverse("playback:file", args=[name]), expires_at=int(timezone.now().timestamp()) + 60)
    whole = client.get(address)
    assert (whole.status_code, whole["Content-Type"], b"".join(whole)) == (200, "video/mp4", content)
    part = client.get(address, headers={"Range": "bytes=100-300000"})
    assert (part.status_code, part["Content-Range"]) == (206, f"bytes 100-300000/{len(content)}")
    assert b"".join(part) == content[100:300_001]
    past = client.get(address, headers={"Range": f"bytes={len(content)}-"})
    assert past.status_code == 416
    assert client.get(address, headers={"If-None-Match": whole["ETag"]}).status_code == 304
    assert client.get(address.partition("?")[0]).status_code == 403
    for other in ("a.mp4", f"{name}-m", name.replace("M00", "M01")):
        wrong = sign(reverse("playback:file", args=[other]), expires_at=int(timezone.now().timestamp()) + 60)
        assert client.get(wrong).status_code == 404, other


def test_a_title_can_be_watched_while_it_is_encoded_in_chunks(client, tmp_path, on_fastdfs, published, monkeypatch):
    monkeypatch.setattr(ladder, "CHUNKED_FROM", 8.0)
    monkeypatch.setattr(ladder, "CHUNK", 4.0)
    path = footage.make(tmp_path / "film.mkv", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "12",
                        "-g", "50", "-pix_fmt", "yuv444p", source=SOURCE, sound=f"sine=d={SECONDS}")  # fmt: skip
    video = arrived(path)
    episode = Episode.objects.create(movie=make_movie(), number=1, video=video)
    seen: list[tuple[Viewer, dict[str, bytes]]] = []

    def watch() -> None:
        viewer = Viewer(client, episode)
        seen.append((viewer, viewer.watch()))

    published.append(watch)
    services.process(video_id=video.pk, long=True)
    video.refresh_from_db()
    assert video.state == State.READY, video.failure_detail
    assert len(seen) >= 2
    whole = Viewer(client, episode).watch()
    assert all(whole[track].startswith(data) for track, data in seen[0][1].items())
    grown = [track for track, data in seen[0][1].items() if len(data) < len(whole[track])]
    assert [track.rpartition("/")[2] for track in grown] == ["240p.m3u8"]  # sound is encoded before the chunks are
    assert all(viewer.watch() == data for viewer, data in seen)
    discard(video)
    assert on_disk(on_fastdfs) == named_files()


def test_what_a_dead_process_was_adding_is_deleted(film, on_fastdfs, monkeypatch):
    def die(*_arguments: object, **_options: object) -> None:
        raise SystemExit

    monkeypatch.setattr(Video.objects, "create", die)
    with pytest.raises(SystemExit):
        arrived(film)
    assert len(on_disk(on_fastdfs)) == 1
    assert on_disk(on_fastdfs) == named_files()
    assert services.discard_due(at=timezone.now() + timedelta(minutes=10)) == 1
    assert on_disk(on_fastdfs) == set()


def test_a_broken_connection_costs_one_more_try(film, on_fastdfs):
    video = arrived(film)
    for storage in on_fastdfs.storages:
        storage.fault(cut_request_at=5000, commands=frozenset({34}), times=1)
    assert tried(video).state == State.READY, video.failure_detail
    assert video.attempts == 1
    assert not PendingDeletion.objects.exclude(storage="default").exists()
    assert on_disk(on_fastdfs) == named_files()


def refuse(cluster: FastDFS) -> None:
    for storage in cluster.storages:
        storage.stop()


def freeze(cluster: FastDFS) -> None:
    for storage in cluster.storages:
        storage.freeze()


def fill(cluster: FastDFS) -> None:
    for storage in cluster.storages:
        storage.full = True


def cut(cluster: FastDFS) -> None:
    for storage in cluster.storages:
        storage.fault(cut_request_at=100, commands=frozenset({34}))


def heal(cluster: FastDFS) -> None:
    for storage in cluster.storages:
        storage.full = False
        storage.fault()
        storage.thaw()
        if storage._listener is None:
            storage.start()


FAULTS = [(refuse, "no_storage"), (freeze, "no_storage"), (cut, "no_storage"), (fill, "no_room")]


@pytest.mark.parametrize(("fault", "reason"), FAULTS)
def test_an_encode_waits_for_the_storage(film, on_fastdfs, fault, reason):
    video = arrived(film)
    before = {video.original}
    fault(on_fastdfs)
    assert (tried(video).state, video.failure) == (State.NO_ROOM, reason)
    assert video.lease_until > timezone.now()
    assert not video.renditions.exists()
    heal(on_fastdfs)
    assert before <= on_disk(on_fastdfs) <= named_files()
    assert later(video).state == State.READY, video.failure_detail
    discard(video)
    assert on_disk(on_fastdfs) == named_files()


def test_an_encode_is_given_up_after_many_tries(film, on_fastdfs):
    video = arrived(film)
    Video.objects.filter(pk=video.pk).update(attempts=ATTEMPTS - 1)
    refuse(on_fastdfs)
    assert (tried(video).state, video.failure) == (State.FAILED, "storage")


@pytest.mark.parametrize(("fault", "reason"), FAULTS)
def test_an_upload_resumes_where_it_was(client, curator, film, on_fastdfs, fault, reason):
    content = film.read_bytes()
    path = begin(curator, len(content))
    assert patch(curator, path, 0, content[:1000]).status_code == 204
    fault(on_fastdfs)
    answer = patch(curator, path, 1000, content[1000:2000])
    assert answer.status_code == (507 if reason == "no_room" else 503)
    if fault is not cut:
        assert create(curator, 5).status_code == answer.status_code
    assert Upload.objects.get(size=len(content)).offset == 1000
    heal(on_fastdfs)
    assert head(curator, path)["Upload-Offset"] == "1000"
    assert patch(curator, path, 1000, content[1000:]).status_code == 204
    services.finish_upload(upload_id=Upload.objects.get(size=len(content)).pk)  # the queue's, as bytes came twice
    video = Video.objects.get()
    assert video.sha256 == hashlib.sha256(content).hexdigest()
    assert videos().open(video.original).read() == content


def test_while_no_storage_answers(client, film, on_fastdfs):
    name = videos().adopt(film, suffix=".mp4", move=False)
    video = arrived(film)
    PendingDeletion.objects.create(name=name, due_at=timezone.now() - timedelta(seconds=1))
    refuse(on_fastdfs)
    address = sign(reverse("playback:file", args=[name]), expires_at=int(timezone.now().timestamp()) + 60)
    answer = client.get(address)
    assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (503, "5", "private, no-store")
    Video.objects.filter(pk=video.pk).update(state=State.READY)
    with pytest.raises(CommandError, match="can't be reached"):
        doctor()
    video.refresh_from_db()
    assert video.state == State.READY  # nothing is taken for lost
    with pytest.raises(videos().unavailable):
        services.discard_due(at=timezone.now())
    heal(on_fastdfs)
    assert services.discard_due(at=timezone.now()) == 1
    assert on_disk(on_fastdfs) == {video.original}


def test_nginx_serves_the_store_paths(settings, on_fastdfs, capsys):
    with pytest.raises(CommandError, match="paths"):
        call_command("nginx_config", "--node", "unix:/run/x")
    settings.VIDEO_STORAGE_URL += "&paths=/srv/one,/srv/$two"
    settings.STORAGES = {**settings.STORAGES}
    call_command("nginx_config", "--node", "unix:/run/x", "--peer", "10.0.0.2:80")
    text = capsys.readouterr().out
    assert 'location ~ "^/v/group1/M01/' in text
    assert 'alias "/srv/one/data/$stored";' in text
    assert 'alias "/srv/${streamsite_dollar}two/data/$stored";' in text
    assert text.count("error_page 404 416 = @peer;") == 2


def test_files_that_this_machine_has_are_read_there(settings, film, tmp_path, on_fastdfs):
    name = videos().adopt(film, suffix=".mkv", move=False)
    on_fastdfs.settle()
    replica = on_fastdfs.other_than(on_fastdfs.source_of(name.partition("/")[2]))
    settings.VIDEO_STORAGE_URL += f"&paths={replica.store_paths[0]}"
    settings.STORAGES = {**settings.STORAGES}
    path = videos().fetch(name, tmp_path)
    assert path.is_relative_to(replica.store_paths[0])
    assert path.read_bytes() == film.read_bytes()
    path.write_bytes(b"not replicated whole")
    copy = videos().fetch(name, tmp_path)
    assert copy.parent == tmp_path
    assert copy.read_bytes() == film.read_bytes()

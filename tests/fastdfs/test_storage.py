"""FastDFS behind Django's storage API."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile, File
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.db.migrations.writer import MigrationWriter
from django.test import override_settings

from utils.fastdfs.errors import NotFound, Unavailable
from utils.fastdfs.names import FileId
from utils.fastdfs.storage import FastDFSStorage

MISSING = "group1/M00/00/00/wKgBFF1Tvn6AL_ulAAhuqKakO_M091.png"


@pytest.fixture
def storage(cluster):
    storage = FastDFSStorage(trackers=cluster.addresses, group="group1", base_url="https://cdn.example.com/")
    yield storage
    storage.client.close()


def test_the_id_is_the_name(storage, cluster):
    name = storage.save("Some Film.MP4", ContentFile(b"data"))
    assert FileId.looks_like(name)
    assert name.endswith(".mp4")
    assert storage.exists(name)
    assert storage.size(name) == 4
    assert storage.url(name) == f"https://cdn.example.com/{name}"
    with storage.open(name) as file:
        assert (file.name, file.size, file.read()) == (name, 4, b"data")
    again = storage.save("Some Film.MP4", ContentFile(b"data"))
    assert again != name
    cluster.settle()
    storage.delete(name)
    cluster.settle()
    assert not storage.exists(name)
    assert storage.exists(again)


def test_every_kind_of_content_is_stored_from_its_start(storage, tmp_path):
    (tmp_path / "local").write_bytes(b"local")
    temporary = TemporaryUploadedFile("a.bin", "x/y", 9, None)
    temporary.write(b"temporary")
    seen = io.BytesIO(b"read before")
    seen.read()
    with (tmp_path / "local").open("rb") as local:
        contents = [
            (ContentFile(b""), b""),
            (ContentFile("片"), "片".encode()),
            (SimpleUploadedFile("a.bin", b"small"), b"small"),
            (temporary, b"temporary"),
            (File(local), b"local"),
            (File(seen), b"read before"),
        ]
        for content, expected in contents:
            with storage.open(storage.save("a.bin", content)) as file:
                assert file.read() == expected


def test_a_stored_file_can_be_stored_again(storage):
    name = storage.save("a.bin", ContentFile(b"data" * 100_000))
    with storage.open(name) as file:
        copy = storage.save("b.bin", file)
    with storage.open(copy) as file:
        assert b"".join(file.chunks()) == b"data" * 100_000


@pytest.mark.parametrize("name", ["", "film.mp4", "ab/cd/film.mp4", "../etc/passwd", f"{MISSING}-m"])
def test_names_that_are_no_ids_name_nothing(storage, cluster, name):
    for tracker in cluster.trackers:
        tracker.stop()  # nobody is asked
    assert not storage.exists(name)
    storage.delete(name)
    for operation in (storage.open, storage.size, storage.url, storage.get_created_time):
        with pytest.raises(FileNotFoundError):
            operation(name)


def test_a_missing_file_is_deleted_without_complaint_and_read_with_one(storage):
    assert not storage.exists(MISSING)
    storage.delete(MISSING)
    with pytest.raises(NotFound), storage.open(MISSING) as file:
        file.read()


def test_what_can_not_be_known_is_not_false(storage, cluster):
    name = storage.save("a.bin", ContentFile(b"data"))
    for tracker in cluster.trackers:
        tracker.stop()
    for operation in (storage.exists, storage.delete):
        with pytest.raises(Unavailable):
            operation(name)
    assert storage.size(name) == 4  # is in the id


@pytest.mark.parametrize("mode", ["wb", "r+b", "ab", "w", "rt"])
def test_files_are_written_once(storage, mode):
    name = storage.save("a.bin", ContentFile(b"data"))
    with pytest.raises(ValueError, match="mode"):
        storage.open(name, mode)


@pytest.mark.parametrize("use_tz", [True, False])
def test_times_are_those_of_the_storage(storage, use_tz):
    before = int(datetime.now(UTC).timestamp())
    name = storage.save("a.bin", ContentFile(b"data"))
    after = datetime.now(UTC).timestamp()
    grown = str(storage.client.upload(io.BytesIO(b"x"), appender=True))
    with override_settings(USE_TZ=use_tz):
        for moment in (storage.get_created_time(name), storage.get_modified_time(name)):
            assert (moment.tzinfo is UTC) is use_tz
            assert before <= moment.timestamp() <= after
        assert storage.get_modified_time(grown) >= storage.get_created_time(grown)


def test_an_id_has_to_fit_into_its_field(storage, cluster):
    longest = "g" * 16 + MISSING.removeprefix("group1")
    assert len(longest) == 61
    assert storage.get_available_name("film.mp4", max_length=61) == "film.mp4"
    with pytest.raises(SuspiciousFileOperation):
        storage.save("film.mp4", ContentFile(b"data"), max_length=60)
    assert [node.requests for node in cluster.nodes] == [[], [], [], []]


def test_without_a_base_url_there_are_no_addresses(cluster):
    storage = FastDFSStorage(trackers=cluster.addresses)
    with pytest.raises(ValueError, match="base_url"):
        storage.url(MISSING)


def test_what_fastdfs_can_not_do_is_not_pretended(storage):
    for operation in (storage.path, storage.listdir, storage.get_accessed_time):
        with pytest.raises(NotImplementedError):
            operation(MISSING)


def test_it_can_stand_in_a_migration():
    text, imports = MigrationWriter.serialize(FastDFSStorage(trackers=["tracker:22122"], group="group1"))
    assert text == "utils.fastdfs.storage.FastDFSStorage(group='group1', trackers=['tracker:22122'])"
    assert imports == {"import utils.fastdfs.storage"}

"""How much a request may bring, judged before a byte of its body is read."""

from __future__ import annotations

import io

import pytest
from django.urls import reverse

from tests.factories import make_user

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"


class Untouchable(io.RawIOBase):
    """A body that nobody may read."""

    def read(self, *_size: int) -> bytes:
        raise AssertionError("the body was read")

    readline = read


def send(client, address: str, size: int, *, kind: str = FORM, body: io.RawIOBase | None = None, **headers: str):
    client.cookies["csrftoken"] = "a" * 32  # invented
    extra = {"CONTENT_LENGTH": str(size), "CONTENT_TYPE": kind, "wsgi.input": body or Untouchable()}
    return client.generic("POST", address, headers=headers, **extra)


@pytest.fixture
def strict():
    from django.test import Client

    return Client(enforce_csrf_checks=True)


@pytest.mark.parametrize("address", ["/", "/user/login/", "/user/userown/", "/single/1/1/", "/order/notify/"])
def test_a_large_body_of_a_stranger_is_refused_unread(strict, address):
    assert send(strict, address, 65 * 1024).status_code == 413
    assert send(strict, address, 300 * 1024 * 1024, kind="multipart/form-data; boundary=x").status_code == 413


@pytest.mark.parametrize("name", ["media:uploads", "media:known"])
@pytest.mark.parametrize("kind", [FORM, "multipart/form-data; boundary=x", "application/offset+octet-stream"])
def test_the_addresses_of_uploads_check_the_sender_first(strict, name, kind):
    for sender in (None, make_user()):
        if sender:
            strict.force_login(sender)
        for size in (10, 2**30):
            answer = send(strict, reverse(name), size, kind=kind, **{"Tus-Resumable": "1.0.0", "Upload-Length": "9"})
            assert answer.status_code == 403


def test_a_form_of_the_administration_is_not_read_from_strangers(strict):
    answer = send(strict, reverse("admin:index"), 10)
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, reverse("users:login"))


def test_members_may_send_a_picture_and_administrators_any_file(client):
    size = 6 * 1024 * 1024
    body = io.BytesIO(b"form=nickname&nickname=a" + b"&" * 1000)
    client.force_login(make_user())
    assert send(client, reverse("users:profile"), size + 1).status_code == 413
    assert send(client, reverse("admin:index"), size + 1).status_code == 413
    small = client.post(reverse("users:profile"), {"form": "avatar", "x": "y" * 200_000})
    assert small.status_code == 400  # read, and found wrong
    client.force_login(make_user(is_staff=True, is_superuser=True))
    answer = send(client, reverse("admin:movies_movie_changelist"), 2 * size, kind="text/plain", body=body)
    assert answer.status_code != 413


def test_the_refusal_says_what_to_do(strict):
    answer = send(strict, "/user/login/", 2**20, **{"Accept-Language": "zh-hans"})
    assert "内容过大" in answer.content.decode()


class Broken(io.RawIOBase):
    """A body of which nothing comes."""

    def read(self, *_size: int) -> bytes:
        raise OSError("timed out")

    readline = read


@pytest.mark.parametrize("address", ["/order/notify/", "/play/{}/1/progress/", "/play/{}/1/place/", "/user/login/"])
def test_a_body_that_does_not_come_is_its_senders_fault(client, address):
    from tests.factories import make_episode

    address = address.format(make_episode(number=1).movie_id)
    client.raise_request_exception = False
    answer = send(client, address, 1000, kind="application/json", body=Broken(), **{"Accept-Language": "zh-hans"})
    assert answer.status_code in ({200, 400} if "login" in address else {408})


def test_what_was_refused_unread_is_not_read_to_be_written_down(strict):
    strict.force_login(make_user(is_staff=True, is_superuser=True))
    strict.raise_request_exception = False
    answer = strict.generic(
        "POST", reverse("admin:movies_genre_add"), CONTENT_LENGTH="9000", CONTENT_TYPE=FORM, **{"wsgi.input": Broken()}
    )  # without the cookie of a token
    assert answer.status_code == 403


def test_long_addresses_get_414(client):
    assert client.get("/search/?q=" + "a" * 8000).status_code == 200
    assert client.get("/search/?q=" + "a" * 9000).status_code == 414
    assert client.get("/" + "a" * 20_000 + "/").status_code == 414


@pytest.mark.parametrize(
    "content",
    [b"[" * 1000, b"[" * 100_000, b'{"a":' * 1000, b"\xff\xfe", b"null", b"[]", b'"x"', b"1" * 5000, b"{}",
     b'{"position": 1e999, "duration": 1}', b'{"position": NaN, "duration": 1}', b'{"position": [], "duration": 1}',
     b'{"position": ' + b"9" * 1000 + b', "duration": 1}', b'{"position": 1, "duration": 1, "number": 1e400}',
     b'{"position": 1, "duration": 1, "number": "' + b"9" * 300 + b'"}'],
)  # fmt: skip
def test_what_is_no_heartbeat_is_said(client, content):
    from tests.factories import make_episode

    episode = make_episode()
    address = f"/play/{episode.movie_id}/{episode.number}/progress/"
    assert client.post(address, content, content_type="application/json").status_code in {400, 413}


def test_pages_of_somebody_stay_out_of_every_cache(client):
    assert "no-store" not in client.get("/").get("Cache-Control", "")
    client.force_login(make_user())
    for address in ("/", "/user/userown/", "/user/uservip/", "/search/?q=a", "/order/openvip/", "/user/devices/"):
        said = client.get(address)["Cache-Control"]
        assert {"no-store", "private"} <= {part.strip() for part in said.split(",")}, address


def test_every_answer_says_what_a_browser_may_use_and_not_guess(client):
    for address in ("/", "/user/login/", "/none/", "/admin/", "/media/uploads/"):
        answer = client.get(address)
        assert answer["X-Content-Type-Options"] == "nosniff", address
        assert "camera=()" in answer["Permissions-Policy"], address


@pytest.mark.parametrize("address", ["/none/", "/user/login/", "/admin/none/"])
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (FORM, "a=1&" * 1200),
        (f"{FORM}; charset=utf-7", "a=1"),
        ("multipart/form-data", "--x"),
        ("multipart/form-data; boundary=" + "x" * 300, "--x"),
    ],
)
def test_a_form_that_cannot_be_read_gets_an_answer(strict, address, kind, body):
    if address.startswith("/admin/"):
        strict.force_login(make_user(is_staff=True, is_superuser=True))
    strict.raise_request_exception = False
    strict.cookies["csrftoken"] = "a" * 32
    assert strict.post(address, body, content_type=kind).status_code in {400, 403, 404}

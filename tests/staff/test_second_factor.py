"""Where staff need a second factor, they have no rights at any address until the session has given one."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from apps.movies.models import Access, Audience
from apps.playback import services as playback
from apps.users import services as users
from apps.users.models import SecondFactor
from tests.factories import make_episode, make_movie, make_user
from tests.staff.walk import addresses

pytestmark = pytest.mark.django_db
UPLOAD = {"HTTP_TUS_RESUMABLE": "1.0.0", "HTTP_UPLOAD_LENGTH": "10"}


@pytest.fixture
def boss(settings):
    settings.STAFF_SECOND_FACTOR = True
    return make_user(is_staff=True, is_superuser=True)


def _session(user, *, given: bool) -> Client:
    client = Client()
    client.force_login(user)
    if given:
        session = client.session
        session["second_factor"] = True
        session.save()
    return client


def _enrol(user) -> None:
    SecondFactor.objects.create(user=user, secret="A" * 32, confirmed_at=timezone.now())


def _powers(client: Client) -> dict[str, int]:
    """The status of every address that treats staff otherwise than viewers."""
    film = make_episode(access=Access.VIP)
    draft = make_episode(movie=make_movie(status="draft", published_at=None))
    answers = {
        "upload": client.post("/media/uploads/", **UPLOAD),
        "film": client.get(f"/play/{film.movie_id}/1/master.m3u8"),
        "draft": client.get(f"/single/{draft.movie_id}/1/"),
        "admin": client.get("/admin/"),
    }
    return {name: answer.status_code for name, answer in answers.items()}


def test_nothing_is_open_without_it(boss, rows):
    client = _session(boss, given=False)
    powers = _powers(client)
    assert powers["upload"] == 403
    assert powers["draft"] == 404
    for name, address in addresses().items():
        for method in (client.get, client.post):
            answer = method(address)
            assert (answer.status_code, answer.get("Location")) == (302, "/user/secondfactor/"), name
    film = make_episode(access=Access.VIP)
    request = client.get(f"/single/{film.movie_id}/1/").wsgi_request
    assert not Audience(request.user, timezone.now()).is_curator
    assert playback.authorize(audience=Audience(request.user, timezone.now()), episode=film).reason == "vip"
    boss.refresh_from_db()
    assert boss.is_superuser  # withheld from the session, not taken from the account


def test_everything_is_open_with_it(boss):
    _enrol(boss)
    powers = _powers(_session(boss, given=True))
    assert (powers["upload"], powers["draft"], powers["admin"]) == (201, 200, 200)


def test_one_that_is_enrolled_but_was_not_given_opens_nothing(boss):
    _enrol(boss)
    powers = _powers(_session(boss, given=False))
    assert (powers["upload"], powers["draft"], powers["admin"]) == (403, 404, 302)


def test_turning_it_off_ends_the_rights_of_sessions_that_gave_it(boss):
    _enrol(boss)
    client = _session(boss, given=True)
    assert client.get("/admin/").status_code == 200
    users.second_factor.turn_off(user=boss)
    powers = _powers(client)
    assert (powers["upload"], powers["draft"], powers["admin"]) == (403, 404, 302)


def test_nobody_is_asked_where_it_is_not_required(boss, settings):
    settings.STAFF_SECOND_FACTOR = False
    powers = _powers(_session(boss, given=False))
    assert (powers["upload"], powers["draft"], powers["admin"]) == (201, 200, 200)

"""Odd requests to every address, by every role: whatever they say, the answer is no 500."""

from __future__ import annotations

import io
import struct
import sys

import pytest
from django.contrib.auth.models import Permission
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client

from tests.attack import odd
from tests.attack.addresses import addresses
from tests.conftest import ROOT
from tests.factories import make_member, make_user
from tests.staff.conftest import rows  # noqa: F401  (a fixture)

sys.path.insert(0, str(ROOT / "deploy" / "embedded"))

import heads

pytestmark = pytest.mark.django_db
EACH = 80  # requests, other ones for each role
SESSIONS = 7  # of a role


def sender(role: str):
    if role == "stranger":
        return None
    if role == "member":
        return make_member()
    user = make_user(is_staff=role != "user", is_superuser=role == "superuser")
    user.user_permissions.set(
        p
        for p in Permission.objects.select_related("content_type")
        if f"{p.content_type.app_label}.{p.codename}".startswith(odd.STAFF.get(role, ()))
    )
    return user


def environ(request: heads.Request, body: bytes) -> dict:
    """What the application is given for a request, by way of what is said to uWSGI."""
    packet, found, at = request.packet(client=("127.0.0.1", 1), port=80), {}, 4
    while at < len(packet):
        texts = []
        for _ in range(2):
            (size,) = struct.unpack_from("<H", packet, at)
            texts.append(packet[at + 2 : at + 2 + size].decode("latin-1"))
            at += 2 + size
        found[texts[0]] = texts[1]
    return found | {
        "wsgi.input": io.BytesIO(body), "wsgi.errors": io.StringIO(), "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0), "wsgi.multithread": True, "wsgi.multiprocess": True, "wsgi.run_once": False,
    }  # fmt: skip


@pytest.fixture
def one_connection():
    """As django.test.Client does: a request ends no connection that the test's own transaction is open on."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("one_connection")
@pytest.mark.parametrize("role", odd.ROLES)
def test_nothing_odd_breaks_an_address(role, rows):  # noqa: F811
    user, sessions = sender(role), []
    for _ in range(SESSIONS if user else 0):
        client = Client()
        client.force_login(user)
        sessions.append(f"sessionid={client.cookies['sessionid'].value}")
    application, statuses, broken = WSGIHandler(), set(), []
    every = sorted(set(addresses()))
    for sent in odd.requests(every, many=EACH, seed=odd.ROLES.index(role), host="127.0.0.1", sessions=sessions):
        try:
            end = heads.end_of_head(sent)
            request = heads.read_request(sent[:end])
        except heads.Refused as refused:
            statuses.add(int(refused.status))
            continue
        said: list[str] = []
        answer = application(environ(request, sent[end + 4 :]), lambda status, _headers, said=said: said.append(status))
        list(answer)
        answer.close()
        statuses.add(int(said[0][:3]))
        if said[0] >= "500":
            broken.append(f"{said[0]} {sent[:200]!r}")
    assert not broken, "\n".join(broken)
    assert len(statuses) > 3  # answers of all kinds; rows have other ids than 1 where a rollback gives none back


def test_the_proxy_gives_away_the_same_features_as_the_site(settings):
    assert heads.OF_ALL["Permissions-Policy"] == settings.PERMISSIONS_POLICY

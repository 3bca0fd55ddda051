"""What another site's page can send with its visitor's session changes nothing: every address, every method."""

from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import Resolver404, resolve
from django.utils import timezone

from apps.media.models import Upload
from apps.media.services.ingest import uploads
from tests.attack.addresses import addresses
from tests.factories import make_user

pytestmark = pytest.mark.django_db

# the statuses of what takes a form without a token
TAKEN = {
    "orders:notify": {200, 400},  # signed by the gateway; no session is looked at
    "set_language": {302},  # the language of a page, at most
    "playback:progress": {404, 415},  # JSON only, which another site's page may not send
    "playback:place": {404, 415},
    "search:picked": {415},
    "playback:file": {405},  # nothing but files
    "playback:material_file": {405},
    "media:uploads": {412},  # a header only, which another site's page may not send
    "media:upload": {412},
}


@pytest.fixture
def forger() -> Client:
    """A browser in which an administrator is signed in, and that has no token."""
    client = Client(enforce_csrf_checks=True, headers={"origin": "https://evil.example"})
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def _refused(request: HttpRequest, reason: str) -> HttpResponse:
    return HttpResponse(status=403)


def test_no_address_takes_a_form_of_another_site(forger, settings):
    page = forger.post("/", {"action": "1"})
    assert (page.status_code, page.templates[0].name) == (403, "403_csrf.html")
    settings.CSRF_FAILURE_VIEW = f"{__name__}._refused"  # the page is the same for all of them
    taken = {}
    for address in sorted(set(addresses())):
        try:
            name = resolve(address).view_name
        except Resolver404:
            continue
        status = forger.post(address, {"action": "1", "post": "yes"}).status_code
        if status != 403 and status not in TAKEN.get(name, set()):
            taken[address] = status
    assert not taken


@pytest.mark.parametrize("sent", ["get", "head", "options"])
def test_a_method_that_changes_nothing_stands_for_no_other(forger, sent, tmp_path, settings):
    owner = make_user(is_staff=True, is_superuser=True)
    forger.force_login(owner)
    upload = uploads.create_upload(owner=owner, size=10, at=timezone.now())
    headers = {"X-HTTP-Method-Override": "DELETE", "Tus-Resumable": "1.0.0"}
    getattr(forger, sent)(f"/media/uploads/{upload.pk}/", headers=headers)
    assert Upload.objects.filter(pk=upload.pk).exists()

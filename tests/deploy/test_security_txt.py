"""`/.well-known/security.txt` names the contact that the operator set, in the form of RFC 9116."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from streamsite.security_txt import render

ADDRESS = "/.well-known/security.txt"


def test_the_fields_are_those_of_the_rfc(settings):
    settings.SITE_URL = "https://streamsite.example"
    text = render(contact="security@streamsite.example", at=datetime(2026, 11, 27, 23, 30, tzinfo=UTC))
    assert text.splitlines() == [
        "Contact: mailto:security@streamsite.example",
        "Expires: 2027-05-26T00:00:00Z",
        "Preferred-Languages: zh, en",
        "Canonical: https://streamsite.example/.well-known/security.txt",
    ]
    page = render(contact="https://streamsite.example/security", at=datetime(2026, 11, 27, tzinfo=UTC))
    assert page.startswith("Contact: https://streamsite.example/security\n")


@pytest.mark.django_db
def test_it_is_served_as_text_and_not_yet_expired(client, settings):
    settings.SECURITY_CONTACT = "security@streamsite.example"
    answer = client.get(ADDRESS)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    fields = dict(line.split(": ", 1) for line in answer.content.decode().splitlines())
    assert fields["Contact"] == "mailto:security@streamsite.example"
    left = datetime.fromisoformat(fields["Expires"]) - datetime.now(UTC)
    assert timedelta(days=178) < left <= timedelta(days=180)
    assert client.post(ADDRESS).status_code == 405


@pytest.mark.django_db
def test_without_a_contact_there_is_no_file(client, settings):
    settings.SECURITY_CONTACT = ""
    assert client.get(ADDRESS).status_code == 404

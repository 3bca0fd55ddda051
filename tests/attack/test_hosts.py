"""A request that names another host gets nothing, whether the page is made for it or kept."""

from __future__ import annotations

import pytest

from tests.factories import make_movie

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/", "/comedy/all/1/", "/notices/", "/user/login/"])
def test_pages_are_for_the_names_of_the_site_only(client, address):
    make_movie()
    assert client.get(address, headers={"host": "evil.example"}).status_code == 400
    assert client.get(address).status_code == 200  # and kept from now on, where pages are
    assert client.get(address, headers={"host": "evil.example"}).status_code == 400
    assert client.get(address).status_code == 200

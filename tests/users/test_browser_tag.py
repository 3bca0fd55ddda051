"""The name of a browser, as the pages and mails about sign-ins show it."""

from __future__ import annotations

import pytest
from django.template import Context, Template
from django.utils import translation


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (("Firefox", "Windows"), "Firefox on Windows"),
        (("Firefox", ""), "Firefox"),
        (("", ""), "Unknown browser"),
        (("", "Windows"), "Unknown browser"),
        (("<b>", ""), "&lt;b&gt;"),
    ],
)
def test_it_names_what_is_known(name, shown):
    with translation.override("en"):
        assert Template("{% load browsers %}{% browser name %}").render(Context({"name": name})) == shown

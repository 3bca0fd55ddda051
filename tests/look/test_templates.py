"""Templates speak through the catalogue, and hold nothing the page's policy forbids."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest
from babel.messages.pofile import read_po
from django.views.defaults import server_error

from tests.conftest import ROOT

TEMPLATES = sorted(p for p in (ROOT / "templates").rglob("*.html") if p.name != "500.html")
PAGES = [p for p in TEMPLATES if "mail" not in p.parts]  # a mail has no policy and no stylesheet
CATALOGUE = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
NAMES = {"VIP", "English", "中文", "·", "|", "–", "%", "“", "”"}

MAX_COLUMNS = 120
SOURCES = sorted(
    path
    for folder, patterns in {"templates": ["*.html", "*.txt"], "static": ["*.js", "*.mjs", "*.css"]}.items()
    for pattern in patterns
    for path in (ROOT / folder).rglob(pattern)
    if ROOT / "static" / "dist" not in path.parents
)


def test_no_line_is_too_long():
    assert len(SOURCES) > 150
    long = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in SOURCES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > MAX_COLUMNS
    ]
    assert long == []


def _words(text: str) -> list[str]:
    text = re.sub(r"{%\s*blocktranslate.*?endblocktranslate\s*%}", " ", text, flags=re.DOTALL)
    text = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", " ", text, flags=re.DOTALL)
    text = re.sub(r"<code\b.*?</code>", " ", text, flags=re.DOTALL)  # a command reads alike in every language
    text = re.sub(r"<!--.*?-->|<[^>]*>", "\n", text, flags=re.DOTALL)
    text = re.sub(r"&\w+;", " ", text)
    return [w for line in text.splitlines() for w in line.split() if w not in NAMES and re.search(r"[^\W\d_]", w)]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.name)
def test_every_word_is_translated(path):
    assert _words(path.read_text()) == []


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_no_script_or_style_stands_in_the_page(path):
    text = path.read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert "<style" not in text
    assert not re.search(r"\son[a-z]+=", text)
    for style in re.findall(r'style="([^"]*)"', text):
        assert style.startswith("--")


@pytest.mark.parametrize(("contact", "link"), [("help@example.com", "mailto:help@example.com"), ("", "mailto:")])
def test_the_page_of_a_fault_says_whom_to_ask(rf, settings, contact, link):
    settings.SITE_CONTACT = contact
    assert (link in server_error(rf.get("/")).content.decode()) is bool(contact)


def test_the_chinese_catalogue_is_whole():
    with CATALOGUE.open("rb") as file:
        rows = [m for m in read_po(file) if m.id]
    strings = [m.string if isinstance(m.string, tuple) else (m.string,) for m in rows]
    assert [m.id for m, s in zip(rows, strings, strict=True) if not all(s) or m.fuzzy] == []
    assert len(rows) > 200


def test_every_string_of_the_code_is_in_the_catalogue(tmp_path):
    copy = tmp_path / "project"
    for name in ("apps", "streamsite", "celery_tasks", "utils", "deploy", "templates", "locale"):
        shutil.copytree(ROOT / name, copy / name)
    shutil.copy(ROOT / "manage.py", copy)
    subprocess.run(
        [sys.executable, "manage.py", "makemessages", "-l", "zh_Hans", "--no-location", "--no-obsolete"],
        cwd=copy, check=True, capture_output=True,
    )  # fmt: skip
    with (copy / CATALOGUE.relative_to(ROOT)).open("rb") as file:
        fresh = {m.id for m in read_po(file) if m.id}
    with CATALOGUE.open("rb") as file:
        known = {m.id for m in read_po(file) if m.id}
    assert fresh - known == set()

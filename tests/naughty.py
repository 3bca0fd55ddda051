"""Strings that break careless sites: the shared list where it lies beside the project, else a short one of our own."""

from __future__ import annotations

import json

from tests.conftest import ROOT

CORPUS = ROOT.parent / "shared" / "data" / "attack" / "blns.json"
OWN = [
    "",
    "undefined",
    "null",
    "1/0",
    "'; DROP TABLE users_user--",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "{{ 7|add:7 }}",
    "{% include 'x' %}",
    "%s%n%x",
    "../../etc/passwd",
    "\x00",
    "\u202etest",
    "Ω≈ç√∫",
    "田中さん",
    "👩‍👩‍👧‍👦",
    "ﷺ",
    "\ufeff",
    "\u200b",
    "Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮",
    "$(touch /tmp/x)",
    "`id`",
    "a\r\nSet-Cookie: x=1",
    "__proto__",
    "１２３",
    "🇺🇸",
]
NAUGHTY: list[str] = json.loads(CORPUS.read_text()) if CORPUS.exists() else OWN

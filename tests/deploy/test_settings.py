"""What is set wrongly is said at the start, and what to set instead."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from apps.orders.checks import check_payments
from streamsite.checks import check_production, check_settings
from streamsite.env import boolean, integer

PRODUCTION = {
    "ENVIRONMENT": "production",
    "DEBUG": False,
    "SECRET_KEY": "fifty-different-enough-characters-for-a-key-0123456789",
    "SITE_URL": "https://streamsite.example",
    "ALLOWED_HOSTS": ["streamsite.example"],
    "OUTBOX": False,
    "PAYMENT_GATEWAY": "none",
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
}


def _found(settings, **changed) -> list[str]:
    for name, value in {**PRODUCTION, **changed}.items():
        setattr(settings, name, value)
    return [message.id for check in (check_settings, check_production, check_payments) for message in check()]


def test_right_settings_are_not_complained_of(settings):
    assert _found(settings) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"ENVIRONMENT": "prod"}, ["streamsite.E001"]),
        ({"VIDEO_STORAGE_URL": "ftp://elsewhere"}, ["streamsite.E002"]),
        ({"MEDIA_SECRET": "short"}, ["streamsite.E003"]),
        ({"MEDIA_SECRET_FALLBACKS": ["$uri" * 10]}, ["streamsite.E003"]),
        ({"MEDIA_SECRET": "-_a1" * 8}, []),
        ({"SITE_CONTACT": "javascript:alert(1)"}, ["streamsite.E004"]),
        ({"SITE_CONTACT": "help@site.example"}, []),
        ({"SITE_CONTACT": "https://site.example/help"}, []),
        ({"DEBUG": True}, ["streamsite.E010"]),
        ({"SECRET_KEY": "short"}, ["streamsite.E011"]),
        ({"SECRET_KEY": "x" * 60}, ["streamsite.E011"]),
        ({"ALLOWED_HOSTS": ["*"]}, ["streamsite.E012"]),
        ({"ALLOWED_HOSTS": ["127.0.0.1", "localhost"]}, ["streamsite.E016"]),
        ({"ALLOWED_HOSTS": [".example"]}, []),
        ({"SITE_URL": "http://streamsite.example"}, ["streamsite.E013"]),
        ({"OUTBOX": True}, ["streamsite.E014"]),
        ({"EMAIL_BACKEND": "utils.mail.FolderBackend"}, ["streamsite.I015"]),
        ({"PAYMENT_GATEWAY": "paypal"}, ["orders.E001"]),
        ({"PAYMENT_GATEWAY": "cashier"}, ["orders.E002"]),
        (
            {"PAYMENT_GATEWAY": "alipay", "ALIPAY_APP_ID": "", "ALIPAY_SELLER_ID": "", "ALIPAY_PRIVATE_KEY_FILE": "",
             "ALIPAY_PUBLIC_KEY_FILE": "/nowhere.pem", "ALIPAY_GATEWAY_URL": "http://alipay.example"},
            ["orders.E003", "orders.E003", "orders.E004", "orders.E004", "orders.E005"],
        ),
    ],
)  # fmt: skip
def test_each_wrong_setting_is_said(settings, changed, said):
    assert _found(settings, **changed) == said


@pytest.mark.parametrize(("word", "value"), [("1", True), ("Yes", True), ("on", True), ("0", False), ("", False)])
def test_a_boolean_is_read_strictly(monkeypatch, word, value):
    monkeypatch.setenv("SWITCH", word)
    assert boolean("SWITCH", default=not value) is value


@pytest.mark.parametrize("word", ["maybe", "2", "ja"])
def test_a_word_that_is_neither_true_nor_false_is_an_error(monkeypatch, word):
    monkeypatch.setenv("SWITCH", word)
    with pytest.raises(ImproperlyConfigured, match="SWITCH"):
        boolean("SWITCH", default=False)


def test_a_number_that_is_none_is_an_error_that_names_it(monkeypatch):
    for word in ("1e6", "-1", "ten", "1.5", "²"):
        monkeypatch.setenv("AMOUNT", word)
        with pytest.raises(ImproperlyConfigured, match="AMOUNT"):
            integer("AMOUNT", default=7)
    for word, value in (("12", 12), (" 0 ", 0), ("", 7)):
        monkeypatch.setenv("AMOUNT", word)
        assert integer("AMOUNT", default=7) == value

"""Wrong settings are reported at the start, with what to set instead."""

from __future__ import annotations

import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from apps.orders.checks import check_payments
from streamsite.checks import check_addresses, check_cdn, check_classes, check_production, check_settings
from streamsite.env import boolean, choice, integer

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
OIDC = "apps.users.providers.OpenIDConnect"
EARLIER = {
    "APP_ID": "2021000000000042", "SELLER_ID": "seller@site.example", "GATEWAY_URL": "ftp://x", "PRIVATE_KEY_FILE": "",
    "PUBLIC_KEY_FILE": "/nowhere.pem", "APP_CERT_FILE": "", "CERT_FILE": "", "ROOT_CERT_FILE": "",
}  # fmt: skip
CDN = {
    "CDN_URL": "https://cdn.example", "CDN_SIGNING": "aliyun-a", "CDN_KEY": "a1B2" * 4, "CDN_PULL_SECRET": "-_a1" * 8,
}  # fmt: skip


def _found(settings, **changed) -> list[str]:
    for name, value in {**PRODUCTION, **changed}.items():
        setattr(settings, name, value)
    checks = (check_settings, check_addresses, check_cdn, check_classes, check_production, check_payments)
    return [message.id for check in checks for message in check()]


def test_the_engine_for_small_sites_needs_its_package(settings, monkeypatch):
    assert _found(settings, SEARCH_ENGINE="whoosh") == []
    monkeypatch.setitem(sys.modules, "whoosh", None)
    assert _found(settings, SEARCH_ENGINE="whoosh") == ["streamsite.E006"]


def test_right_settings_are_not_complained_of(settings):
    assert _found(settings) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"ENVIRONMENT": "prod"}, ["streamsite.E001"]),
        ({"VIDEO_STORAGE_URL": "file://videos"}, ["streamsite.E002"]),
        ({"TRUSTED_PROXIES": ["nginx"]}, ["streamsite.E030"]),
        ({"TRUSTED_PROXIES": ["10.0.0.1/8", "10.0.0.0/33"]}, ["streamsite.E030", "streamsite.E030"]),
        ({"TRUSTED_PROXIES": ["127.0.0.1", "10.0.0.0/8", "::1/128", "unix"]}, []),
        ({"SMS_SENDER": "twilio"}, ["streamsite.E031"]),
        ({"SMS_SENDER": "utils.sms.Missing"}, ["streamsite.E031"]),
        ({"SMS_SENDER": "utils.sms.send"}, ["streamsite.E031"]),
        ({"SMS_SENDER": "utils.mail.FolderBackend"}, ["streamsite.E031"]),
        ({"SMS_SENDER": "tests.deploy.broken.Sender"}, ["streamsite.E031"]),
        ({"SMS_SENDER": "utils.sms.ConsoleSender"}, []),
        ({"SIGN_IN_PROVIDERS": ["wechat", "utils.sms.FolderSender"]}, ["streamsite.E032", "streamsite.E032"]),
        (
            {"SIGN_IN_PROVIDERS": [OIDC], "OIDC_ISSUER": "x", "OIDC_CLIENT_ID": ""},
            ["streamsite.E035", "streamsite.E039"],
        ),
        ({"SIGN_IN_PROVIDERS": [OIDC], "OIDC_ISSUER": "http://id.example", "OIDC_CLIENT_ID": "x"}, ["streamsite.E035"]),
        ({"SIGN_IN_PROVIDERS": [OIDC], "OIDC_ISSUER": "https://id.example/realm", "OIDC_CLIENT_ID": "x"}, []),
        ({"SITE_URL": "streamsite.example"}, ["streamsite.E033", "streamsite.E016", "streamsite.E013"]),
        ({"SITE_URL": "https://streamsite.example/shop"}, ["streamsite.E033"]),
        ({"SITE_URL": "https://streamsite.example:99999"}, ["streamsite.E033"]),
        ({"ALLOWED_HOSTS": ["streamsite.example", "https://other.example"]}, ["streamsite.E034"]),
        ({"ALLOWED_HOSTS": ["streamsite.example", "other.example:443"]}, ["streamsite.E034"]),
        ({"ALLOWED_HOSTS": ["streamsite.example", "[::1]", "127.0.0.1"]}, []),
        ({"FFMPEG_BINARY": "/nowhere/ffmpeg"}, ["streamsite.E036"]),
        ({"DEFAULT_FROM_EMAIL": "Streamsite"}, ["streamsite.E037"]),
        ({"DEFAULT_FROM_EMAIL": "我们的站 <noreply@streamsite.example>"}, []),
        ({"SITE_NAME": " "}, ["streamsite.E038"]),
        ({"MONEY_ALARMS_TO": "the boss"}, ["orders.E009"]),
        ({"MONEY_ALARMS_TO": "a@site.example,b@site.example"}, ["orders.E009"]),
        ({"MONEY_ALARMS_TO": "money@site.example"}, []),
        ({"ALIPAY_EARLIER_APPS": [EARLIER]}, ["orders.E010", "orders.E004", "orders.E004", "orders.E005"]),
        ({"VIDEO_STORAGE_URL": "ftp://elsewhere"}, ["streamsite.E002"]),
        ({"VIDEO_STORAGE_URL": "fastdfs://10.0.0.1:22122"}, ["streamsite.E002"]),
        ({"VIDEO_STORAGE_URL": "fastdfs://10.0.0.1:x/group1"}, ["streamsite.E002"]),
        ({"VIDEO_STORAGE_URL": "fastdfs://10.0.0.1/group1?paths=relative"}, ["streamsite.E002"]),
        ({"VIDEO_STORAGE_URL": "fastdfs://10.0.0.1/group1?path=/typo"}, ["streamsite.E002"]),
        ({"VIDEO_STORAGE_URL": "fastdfs://10.0.0.1/group1?timeout=soon"}, ["streamsite.E002"]),
        ({"VIDEO_STORAGE_URL": "fastdfs://10.0.0.1,10.0.0.2:22122/group1?paths=/a,/b&timeout=5"}, []),
        ({"CDN_URL": "https://cdn.example"}, ["streamsite.E051", "streamsite.E052"]),
        (CDN | {"CDN_URL": "https://cdn.example/films"}, ["streamsite.E050"]),
        (CDN | {"CDN_URL": "http://cdn.example"}, ["streamsite.E050"]),
        (CDN | {"CDN_KEY": "short"}, ["streamsite.E051"]),
        (CDN | {"CDN_KEY": "a" * 33}, ["streamsite.E051"]),
        (CDN | {"CDN_KEY": "a" * 33, "CDN_SIGNING": "tencent-d"}, []),
        (CDN | {"CDN_PULL_SECRET": "short"}, ["streamsite.E053"]),
        (CDN | {"CDN_PULL_SECRET_FALLBACKS": ["$http_host" * 10]}, ["streamsite.E053"]),
        (CDN | {"CDN_PARAMETERS": ["sign", "t"]}, ["streamsite.E054"]),
        (CDN | {"CDN_PARAMETERS": ["a-b"]}, ["streamsite.E054"]),
        (CDN | {"CDN_PARAMETERS": ["t", "t"], "CDN_SIGNING": "tencent-d"}, ["streamsite.E054"]),
        (CDN | {"CDN_PARAMETERS": ["s", "t"], "CDN_SIGNING": "tencent-d"}, []),
        ({"MEDIA_SECRET": "short"}, ["streamsite.E003"]),
        ({"MEDIA_SECRET_FALLBACKS": ["$uri" * 10]}, ["streamsite.E003"]),
        ({"MEDIA_SECRET": "-_a1" * 8}, []),
        ({"SITE_CONTACT": "javascript:alert(1)"}, ["streamsite.E004"]),
        ({"SITE_CONTACT": "help@site.example"}, []),
        ({"SECURITY_CONTACT": "http://site.example/security"}, ["streamsite.E005"]),
        ({"SECURITY_CONTACT": "a@b.example\nContact: c"}, ["streamsite.E005"]),
        ({"SECURITY_CONTACT": "https://site.example/security"}, []),
        ({"SECURITY_CONTACT": "security@site.example"}, []),
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


def test_a_word_that_is_no_choice_is_an_error_that_lists_them(monkeypatch):
    monkeypatch.setenv("KIND", "big")
    with pytest.raises(ImproperlyConfigured, match="KIND='big' is unknown: set it to one of 0, small"):
        choice("KIND", "0", among=("0", "small"))
    for word, value in (("small", "small"), (" 0 ", "0"), ("", "0")):
        monkeypatch.setenv("KIND", word)
        assert choice("KIND", "0", among=("0", "small")) == value


def test_a_number_that_is_none_is_an_error_that_names_it(monkeypatch):
    for word in ("1e6", "-1", "ten", "1.5", "²"):
        monkeypatch.setenv("AMOUNT", word)
        with pytest.raises(ImproperlyConfigured, match="AMOUNT"):
            integer("AMOUNT", default=7)
    for word in ("0", "66", "9" * 5000):
        monkeypatch.setenv("AMOUNT", word)
        with pytest.raises(ImproperlyConfigured, match="AMOUNT"):
            integer("AMOUNT", default=7, least=1, most=65)
    for word, value in (("12", 12), (" 0 ", 0), ("", 7)):
        monkeypatch.setenv("AMOUNT", word)
        assert integer("AMOUNT", default=7) == value

"""SITE_NAME stands wherever the site names itself: pages, mails, text messages, authenticator apps."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string
from django.views.defaults import server_error

from apps.users import services
from apps.users.models import SecondFactor
from tests.conftest import ROOT
from tests.factories import make_plan, make_user

NAME = "潮 & 汐"
ESCAPED = "潮 &amp; 汐"


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SITE_NAME = NAME


def test_no_template_spells_the_name_of_the_product():
    files = [path for path in (ROOT / "templates").rglob("*") if path.suffix in {".html", ".txt", ".xml"}]
    assert len(files) > 100
    assert [path.name for path in files if "Streamsite" in path.read_text()] == []


def test_the_page_of_a_fault_is_rendered_without_a_context(rf):
    assert f"<title>出错了 · {ESCAPED}</title>" in server_error(rf.get("/")).content.decode()


def test_the_page_of_a_full_disk_too():
    assert f" · {ESCAPED}</title>" in render_to_string("507.html")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "words"), [("/order/openvip/", f"<h1>{ESCAPED} VIP</h1>"), ("/admin/", f"| {ESCAPED}")]
)
def test_pages_name_the_site(client, address, words):
    make_plan()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    assert words in client.get(address).content.decode()


@pytest.mark.django_db
def test_mails_name_the_site_and_their_subjects_escape_nothing(kept):
    services.mailer.deliver(template="reset", to="lin@example.com", language="zh-hans", name="林", path="/user/x/")
    services.mailer.deliver(template="paid", to="lin@example.com", language="en", name="林", item="A & B", number="1",
                            amount=1, path="/order/1/")  # fmt: skip
    reset, paid = kept.mails()
    assert reset["subject"] == f"重置 {NAME} 密码"
    assert f"\n{NAME}\n" in reset["text"]
    assert f">{ESCAPED}</p>" in reset["html"]
    assert paid["subject"] == "Payment received: A & B"


@pytest.mark.django_db
def test_a_text_message_begins_with_the_name_of_the_site(post, kept):
    make_user(username="lin", phone="+8613800138000")
    post("/user/forgetpwd/", {"username": "13800138000"})
    assert kept.texts()[0]["text"].startswith(f"【{NAME}】验证码 ")


@pytest.mark.django_db
def test_an_authenticator_app_lists_the_account_under_the_name_of_the_site():
    user = make_user(username="lin")
    factor = SecondFactor(user=user, secret="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    assert services.second_factor.provisioning_uri(factor=factor) == (
        "otpauth://totp/%E6%BD%AE%20%26%20%E6%B1%90:lin?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=%E6%BD%AE%20%26%20%E6%B1%90"
    )

"""The Chinese administration holds no English."""

from __future__ import annotations

import re
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.community.models import Comment
from apps.movies.models import Banner, Chapter, Credit, Genre, Language, Person, Region, Schedule, Tag
from apps.notices.models import Notice
from apps.orders import services as orders
from apps.orders.models import AlipayCertificate, Coupon, Notification, Payment
from apps.playback.models import Stream
from apps.search.models import BannedWord, HotSearch
from apps.users.models import AuditEntry
from tests.factories import make_category, make_episode, make_member, make_movie, make_plan, make_sale, make_user

pytestmark = pytest.mark.django_db

# Names that are the same in Chinese, and what the rows below hold.
SAME = {
    *("streamsite", "vip", "html", "english", "id", "sha", "mp", "kbit", "kb", "avc", "argon", "md", "ldap"),
    *("zh", "hans", "en", "ip", "esc", "control", "command", "mac", "csv", "utc", "alt"),
}
SPOKEN = {"aria-label", "placeholder", "title", "alt"}
MODELS = sorted(m._meta.label_lower for m in admin.site._registry)


class _Words(HTMLParser):
    """The words a reader sees or hears; symbols are drawn from ligatures and skipped."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        for name in SPOKEN & set(given):
            self._take(given[name] or "")
        if tag == "input" and given.get("type") in {"submit", "button"}:
            self._take(given.get("value") or "")
        void = tag in {"input", "img", "br", "hr", "meta", "link", "source", "path", "circle", "rect"}
        if not void and (
            self.silent
            or tag in {"script", "style", "svg", "template"}
            or "material-symbols-outlined" in (given.get("class") or "").split()
        ):
            self.silent.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.silent and tag in self.silent:
            while self.silent.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self._take(data)

    def _take(self, text: str) -> None:
        self.found += re.findall(r"[A-Za-z]{2,}", text)


def english(html: str) -> set[str]:
    words = _Words()
    words.feed(re.sub(r"[A-Za-z0-9+/]+\*{3,}", "", html))  # the beginning of a password's salt
    return {word for word in words.found if word.lower() not in SAME}


def test_the_reader_of_words_sees_english():
    page = '<p aria-label="Save it">存</p><span class="material-symbols-outlined">home</span><script>if</script>b c'
    assert english(page + "<b>Hello</b>") == {"Save", "it", "Hello"}


@pytest.fixture(scope="module")
def curator(module_db):
    client = Client()
    client.force_login(make_user(username="管理员", is_staff=True, is_superuser=True))
    return client


@pytest.fixture(scope="module")
def rows(module_db):
    movie = make_movie(category=make_category("1"), kind="series", access="vip", genre_line="剧情")
    episode = make_episode(movie=movie)
    member = make_member()
    member.username = "会员"
    member.save(update_fields=["username"])
    person = Person.objects.create(name="林默")
    Credit.objects.create(movie=movie, person=person, role="cast")
    Chapter.objects.create(episode=episode, starts_at=0, title="序")
    order = make_sale(user=member, amount="25.00")
    Payment.objects.update(gateway="", trade_no="2026", buyer="")
    payment = order.payments.get()
    refund = orders.refund(payment=payment, amount=Decimal("5.00"), reason="协商", by=None, at=timezone.now())
    notification = Notification.objects.create(body="=", order=order, received_at=timezone.now())
    return {
        "orders_order": order.pk,
        "orders_payment": payment.pk,
        "orders_refund": refund.pk,
        "orders_notification": notification.pk,
        "orders_alipaycertificate": AlipayCertificate.objects.create(
            app_id="2026", sn="2" * 32, content="=", fetched_at=timezone.now()
        ).pk,
        "orders_plan": make_plan().pk,
        "orders_coupon": Coupon.objects.create(code="2026", kind="percent", value=Decimal(20)).pk,
        "wallet_wallet": member.wallet.pk,
        "wallet_entry": member.wallet.entries.first().pk,
        "movies_movie": movie.pk,
        "movies_episode": episode.pk,
        "movies_category": movie.category_id,
        "movies_genre": Genre.objects.create(name="剧情").pk,
        "movies_region": Region.objects.create(name="中国").pk,
        "movies_language": Language.objects.create(name="粤语").pk,
        "movies_tag": Tag.objects.create(name="穿越").pk,
        "movies_schedule": Schedule.objects.create(
            movie=movie, weekdays=1, time="20:00", starts_on=timezone.localdate()
        ).pk,
        "movies_person": person.pk,
        "search_hotsearch": HotSearch.objects.create(folded="海", text="海", place=1).pk,
        "search_bannedword": BannedWord.objects.create(folded="禁词", text="禁词").pk,
        "movies_banner": Banner.objects.create(movie=movie).pk,
        "notices_notice": Notice.objects.create(title="上新").pk,
        "users_user": member.pk,
        "users_auditentry": AuditEntry.objects.create(
            at=timezone.now(), actor_name="管理员", path="/1/", action="users_user_changelist: lock", status=302
        ).pk,
        "users_membership": member.memberships.get().pk,
        "community_comment": Comment.objects.create(movie=movie, user=member, text="好看").pk,
        "media_video": episode.video_id,
        "playback_stream": Stream.objects.create(
            user=member, player="1", episode=episode, began_at=timezone.now(), seen_at=timezone.now()
        ).pk,
    }


@pytest.mark.parametrize("label", MODELS)
def test_lists_forms_and_histories(curator, rows, label):
    name = label.replace(".", "_")
    assert name in rows
    addresses = [reverse(f"admin:{name}_changelist"), reverse(f"admin:{name}_changelist") + "?q=无"]
    addresses += [reverse(f"admin:{name}_{page}", args=[rows[name]]) for page in ("change", "history")]
    for address in [*addresses, reverse(f"admin:{name}_add")]:
        page = curator.get(address)
        if page.status_code == 403:
            continue
        assert page.status_code == 200
        assert english(page.content.decode()) == set(), address


@pytest.mark.parametrize("name", ["index", "password_change"])
def test_the_other_pages(curator, rows, name):
    page = curator.get(reverse(f"admin:{name}"))
    assert page.status_code == 200
    assert english(page.content.decode()) == set()

"""Whatever state titles are in, no link that a viewer sees is dead."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urljoin, urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.community.models import Comment
from apps.media.models import State, Video
from apps.movies import services
from apps.movies.models import Banner, Category, Episode, Movie, Status
from apps.notices.models import Notice
from apps.playback.models import Progress
from apps.users import services as users
from apps.users.models import OutgoingMail, User
from tests.factories import make_category, make_episode, make_movie, make_sale, make_user
from tests.staff import walk

pytestmark = pytest.mark.django_db
LINK = re.compile(r'(?:href|src|action|data-[\w-]+|hx-get)="([^"]+)"')
TOLD = re.compile(r'"(/(?:play|single|order|comedy|search|user|material)/[^"\\]*)"')  # in what a script is given
STARTS = ["/", "/ranking/day/", "/ranking/week/", "/ranking/month/", "/ranking/all/", "/comedy/all/1/", "/search/?q=题"]
PAGES = 600
ONLY_POST = 405
BOUGHT = ["good", "deleted", "withdrawn", "emptied", "replaced"]
POSTED = ("/order/buy/", "/order/check/", "/order/commit/")  # asked with POST only
ELSEWHERE = ("/v/", "/static/", "/pictures/", "/media/", "/i18n/", "/user/logout", "/user/signout")


def _make(name: str, **fields) -> Movie:
    return make_movie(title=f"题{name}", kind="series", plays=9, plays_day=9, plays_week=9, plays_month=9, **fields)


def _catalogue(buyer: User | None = None) -> dict[str, Movie]:
    """A title in each odd state; each came there as it does on a site, and each is in the carousel.

    The `buyer` bought some while they were on the shelf.
    """
    names = [
        "good", "empty", "no file", "encoding", "failed", "deleted", "withdrawn", "emptied", "from two", "replaced",
    ]  # fmt: skip
    made = {
        name: _make(name, status=Status.DRAFT, published_at=None, category=make_category(name[:4])) for name in names
    }
    for name in set(made) - {"empty", "no file", "from two"}:
        make_episode(movie=made[name])
    Episode.objects.create(movie=made["no file"], number=1)
    make_episode(movie=made["from two"], number=2)
    make_episode(movie=made["from two"], number=3)
    for name, state in (("encoding", State.PROCESSING), ("failed", State.FAILED)):
        Video.objects.filter(episodes__movie=made[name]).update(ready_at=None, state=state)
    services.publish(movies=made.values())
    for movie in made.values():
        services.refresh_episodes(movie_id=movie.pk)
    if buyer:
        Movie.objects.filter(pk__in=[made[name].pk for name in BOUGHT]).update(access="paid")
        for name in BOUGHT:
            make_sale(user=buyer, item=Movie.objects.get(pk=made[name].pk))
    services.hide(movies=[made["deleted"]])
    services.withdraw(movies=[made["withdrawn"]])
    made["emptied"].episodes.all().delete()
    services.refresh_episodes(movie_id=made["emptied"].pk)
    now = timezone.now()
    for movie in made.values():
        Banner.objects.create(movie=movie)
    Banner.objects.create(movie=made["good"], starts_at=now + timedelta(days=1), title="题明天")
    Category.objects.create(slug="nothing", name="空")
    Notice.objects.create(title="公告")
    return made


def _crawl(client) -> dict[str, int]:
    """The status of every address that can be reached from the start pages."""
    answers: dict[str, int] = {}
    ahead = list(STARTS)
    while ahead:
        address = ahead.pop()
        if address in answers:
            continue
        assert len(answers) < PAGES, "the site has no end"
        page = client.get(address)
        answers[address] = page.status_code
        if page.status_code in {301, 302}:
            found = [page["Location"]]
        elif page["Content-Type"].startswith("text/html"):
            text = page.content.decode()
            found = [link for link in LINK.findall(text) if link.startswith(("/", "?", "http"))] + TOLD.findall(text)
            found = [link for link in found if not link.startswith(POSTED)]
        elif page["Content-Type"].startswith("application/vnd.apple.mpegurl"):
            text = page.content.decode()
            found = [x for x in text.splitlines() if x and x[0] != "#"] + re.findall(r'URI="([^"]+)"', text)
        elif page["Content-Type"].startswith("application/json"):
            found = TOLD.findall(page.content.decode())
        else:
            continue
        for link in found:
            parts = urlsplit(urljoin(f"http://testserver{address}", unescape(link)))
            endless = "&" in parts.query or "next=" in parts.query  # combined filters, ways back from signing in
            if parts.netloc == "testserver" and not endless and not parts.path.startswith(ELSEWHERE):
                ahead.append(parts.path + (f"?{parts.query}" if parts.query else ""))
    return answers


@pytest.mark.parametrize("who", ["stranger", "buyer"])
def test_no_link_leads_nowhere(client, who):
    viewer = make_user(email="viewer@example.com")
    made = _catalogue(viewer if who == "buyer" else None)
    if who != "stranger":
        client.force_login(viewer)
        for episode in Episode.objects.all():
            Progress.objects.create(user=viewer, episode=episode, position=9, duration=20, updated_at=timezone.now())
        for movie in made.values():
            Comment.objects.create(user=viewer, movie=movie, text="好看")
    answers = _crawl(client)
    assert {address: code for address, code in answers.items() if code >= 400 and code != ONLY_POST} == {}
    reached = {int(address.split("/")[2]) for address in answers if address.startswith("/single/")}
    assert reached == {made[name].pk for name in ("good", "from two", "replaced")}
    assert f"/single/{made['from two'].pk}/2/" in answers
    assert f"/single/{made['from two'].pk}/3/" in answers  # the next episode
    assert f"/play/{made['from two'].pk}/2/storyboard.vtt" in answers
    assert f"/play/{made['from two'].pk}/2/master.m3u8" in answers
    assert any(address.startswith("/play/") and address.endswith("360p.m3u8") for address in answers)
    assert "/comedy/nothing/1/" in answers
    if who == "buyer":
        assert len([address for address in answers if re.match(r"/order/\d", address)]) == len(BOUGHT)


def test_no_link_in_a_mail_leads_nowhere(client, mailoutbox, django_capture_on_commit_callbacks):
    buyer = make_user(email="buyer@example.com")
    with django_capture_on_commit_callbacks(execute=True):
        _catalogue(buyer)
    users.outgoing_mail.send_due(at=timezone.now())
    for letter in OutgoingMail.objects.all():
        users.outgoing_mail.send(mail_id=letter.pk, at=timezone.now())
    assert len(mailoutbox) == len(BOUGHT)
    client.force_login(buyer)
    links = {link for mail in mailoutbox for link in re.findall(r"https?://[^/\s]+(/\S*)", mail.body)}
    assert len([link for link in links if link.startswith("/order/")]) == len(BOUGHT)
    assert {link: code for link in links if (code := client.get(link).status_code) >= 400} == {}


def test_what_a_curator_is_led_to_is_there(client):
    """The pages of every title and episode, and the links to the site on them."""
    made = _catalogue()
    curator = make_user(is_staff=True, is_superuser=True)
    client.force_login(curator)
    pages = [reverse("admin:movies_movie_changelist") + "?deleted=too", reverse("admin:movies_episode_changelist")]
    for movie in made.values():
        pages.append(reverse("admin:movies_movie_change", args=[movie.pk]))
        pages.append(reverse("admin:movies_movie_episodes", args=[movie.pk]))
        pages += [reverse("admin:movies_episode_change", args=[e.pk]) for e in movie.episodes.all()]
    led: set[str] = set()
    for address in pages:
        text = walk.page(curator, address)
        assert text, address
        led |= {unescape(link) for link in LINK.findall(text)}
    inside = {link for link in led if link.startswith(("/admin/movies/", "/admin/media/"))}
    outside = {link for link in led if link.startswith(("/admin/r/", "/single/"))}
    assert any(link.startswith("/single/") for link in outside)
    codes = {link: walk.ask(curator, "get", link) for link in inside}
    codes |= {link: client.get(link, follow=True).status_code for link in outside}
    assert {link: code for link, code in codes.items() if code >= 400 and code != ONLY_POST} == {}

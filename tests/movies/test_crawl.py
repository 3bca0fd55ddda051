"""Whatever state titles are in, no link that a viewer meets leads nowhere."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urljoin, urlsplit

import pytest
from django.utils import timezone

from apps.media.models import State, Video
from apps.movies import services
from apps.movies.models import Banner, Category, Episode, Movie, Status
from apps.notices.models import Notice
from apps.playback.models import Progress
from tests.factories import make_category, make_episode, make_movie, make_user

pytestmark = pytest.mark.django_db
LINK = re.compile(r'(?:href|data-storyboard|data-href|hx-get)="([^"]+)"')
STARTS = ["/", "/ranking/day/", "/ranking/week/", "/ranking/month/", "/ranking/all/", "/comedy/all/1/", "/search/?q=题"]
PAGES = 400
ELSEWHERE = ("/static/", "/pictures/", "/media/", "/i18n/", "/user/logout", "/user/signout")


def _make(name: str, **fields) -> Movie:
    return make_movie(title=f"题{name}", kind="series", plays=9, plays_day=9, plays_week=9, plays_month=9, **fields)


def _catalogue() -> dict[str, Movie]:
    """A title in each odd state; each came there as it does on a site, and each is in the carousel."""
    names = [
        "good",
        "empty",
        "no file",
        "encoding",
        "failed",
        "deleted",
        "withdrawn",
        "emptied",
        "from two",
        "replaced",
    ]
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
            found = LINK.findall(page.content.decode())
        else:
            continue
        for link in found:
            parts = urlsplit(urljoin(f"http://testserver{address}", unescape(link)))
            endless = "&" in parts.query or "next=" in parts.query  # combined filters, ways back from signing in
            if parts.netloc == "testserver" and not endless and not parts.path.startswith(ELSEWHERE):
                ahead.append(parts.path + (f"?{parts.query}" if parts.query else ""))
    return answers


@pytest.mark.parametrize("signed_in", [False, True], ids=["stranger", "viewer"])
def test_no_link_leads_nowhere(client, signed_in):
    made = _catalogue()
    if signed_in:
        viewer = make_user()
        client.force_login(viewer)
        for episode in Episode.objects.all():
            Progress.objects.create(user=viewer, episode=episode, position=9, duration=20, updated_at=timezone.now())
    answers = _crawl(client)
    assert {address: code for address, code in answers.items() if code >= 400} == {}
    reached = {int(address.split("/")[2]) for address in answers if address.startswith("/single/")}
    assert reached == {made[name].pk for name in ("good", "from two", "replaced")}
    assert f"/single/{made['from two'].pk}/2/" in answers
    assert f"/play/{made['from two'].pk}/2/storyboard.vtt" in answers
    assert "/comedy/nothing/1/" in answers

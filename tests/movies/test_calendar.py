"""The update calendar: episodes that are out, due, late or on a break, and the notes a curator gets."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.movies import services
from apps.movies.models import Episode, Movie, Schedule
from apps.playback.models import Progress
from tests.factories import make_episode, make_movie, make_user

SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEK = [date(2026, 11, 23) + timedelta(days=n) for n in range(7)]  # Monday to Sunday
NOON = datetime(2026, 11, 27, 12, tzinfo=SHANGHAI)  # Friday


def rhythm(**fields) -> services.Rhythm:
    values = {
        "movie_id": 1, "days": {2, 3}, "time": time(20), "each": 1, "starts_on": date(2026, 1, 1), "paused_from": None,
        "paused_until": None, "note": "", "latest": 4, "planned": 12,
    }  # fmt: skip
    return services.Rhythm(**{**values, **fields})


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


def told(found) -> list[tuple[int, str, int, int]]:
    return [(entry.day.day, entry.state.value, entry.first, entry.last) for entry in found]


LAST_WEEK = [(1, at(18, 20)), (2, at(19, 20))]
CASES = {
    "all on time": (rhythm(), [*LAST_WEEK, (3, at(25, 20)), (4, at(26, 20))], NOON,
                    [(25, "out", 3, 3), (26, "out", 4, 4)]),
    "due today and on": (rhythm(days={4, 5}), [(4, at(21, 20))], NOON, [(27, "due", 5, 5), (28, "due", 6, 6)]),
    "within the grace": (rhythm(days={4}), [(4, at(20, 20))], at(27, 20, 29), [(27, "due", 5, 5)]),
    "late after it": (rhythm(days={4}), [(4, at(20, 20))], at(27, 20, 31), [(27, "late", 5, 5)]),
    "late, and the next has no number": (rhythm(days={3, 4}), [(4, at(20, 20))], NOON,
                                         [(26, "late", 5, 5), (27, "due", 0, 0)]),
    "came a day early": (rhythm(days={4}), [(3, at(20, 20)), (4, at(26, 9))], NOON, [(26, "out", 4, 4)]),
    "came a day late": (rhythm(days={2}), [(3, at(18, 20)), (4, at(26, 9))], NOON, [(26, "out", 4, 4)]),
    "a week was missed": (rhythm(days={0, 4}), [(3, at(20, 20)), (4, at(27, 10))], NOON,
                          [(23, "missed", 0, 0), (27, "out", 4, 4)]),
    "two at once, up to the last": (rhythm(days={4, 5, 6}, each=2, latest=9, planned=12), [(9, at(22, 20))], NOON,
                                    [(27, "due", 10, 11), (28, "due", 12, 12)]),
    "how many there will be is unknown": (rhythm(days={4, 5}, latest=4, planned=4), [(4, at(22, 20))], NOON,
                                          [(27, "due", 5, 5), (28, "due", 6, 6)]),
    "on a break": (rhythm(days={2, 4}, paused_from=date(2026, 11, 24), paused_until=date(2026, 11, 26)),
                   [(4, at(20, 20))], NOON, [(25, "paused", 0, 0), (27, "due", 5, 5)]),
    "on a break without end": (rhythm(days={4}, paused_from=date(2026, 11, 24)), [], NOON, [(27, "paused", 0, 0)]),
    "it came in spite of the break": (rhythm(days={2}, paused_from=date(2026, 11, 24)), [(4, at(25, 20))], NOON,
                                      [(25, "out", 4, 4)]),
    "not begun": (rhythm(days={4, 5}, starts_on=date(2026, 11, 28), latest=0), [], NOON, [(28, "due", 1, 1)]),
    "on a day of its own": (rhythm(days={4}), [(3, at(20, 20)), (4, at(24, 7))], NOON,
                            [(24, "out", 4, 4), (27, "due", 5, 5)]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_the_week_says(name):
    of, outs, now, wanted = CASES[name]
    with timezone.override(SHANGHAI):
        assert told(services.entries(of, outs, WEEK, now)) == wanted


def test_the_week_after_goes_on_counting():
    after = [day + timedelta(days=7) for day in WEEK]
    with timezone.override(SHANGHAI):
        found = services.entries(rhythm(days={4, 5}, planned=8), [(4, at(22, 20))], after, NOON)
    assert [(entry.day.day, entry.first, entry.is_finale) for entry in found] == [(4, 7, False), (5, 8, True)]


def test_times_are_those_of_the_site():
    berlin = ZoneInfo("Europe/Berlin")
    with timezone.override(berlin):
        found = rhythm(days={5}).moment(date(2026, 10, 24)), rhythm(days={6}).moment(date(2026, 10, 25))
    assert [moment.utcoffset() for moment in found] == [timedelta(hours=2), timedelta(hours=1)]  # summer time ended


def _series(title: str, *, day: int, hour: str = "00:00", episodes: int = 1, **fields) -> Movie:
    movie = make_movie(title=title, kind="series", episodes_planned=9, **fields)
    for number in range(1, episodes + 1):
        make_episode(movie=movie, number=number)
    services.refresh_episodes(movie_id=movie.pk)
    long_ago = timezone.now() - timedelta(days=40)
    Schedule.objects.create(movie=movie, weekdays=1 << day, time=hour, starts_on=long_ago.date())
    services.refresh_schedule(movie_id=movie.pk)
    return movie


@pytest.mark.django_db
def test_the_page_shows_listed_series_by_day_and_marks_those_of_the_viewer(client, django_assert_max_num_queries):
    today = timezone.localdate().weekday()
    out = _series("今日更新", day=today)
    due = _series("明日更新", day=(today + 1) % 7, hour="23:59")
    Episode.objects.filter(movie=due).update(available_at=timezone.now() - timedelta(days=30))
    hidden = _series("藏着", day=today)
    Movie.objects.filter(pk=hidden.pk).update(status="draft")
    ended = _series("已完", day=today)
    Schedule.objects.filter(movie=ended).update(finished=True)
    viewer = make_user()
    Progress.objects.create(user=viewer, episode=out.episodes.get(), position=9, duration=20, updated_at=timezone.now())
    page = client.get("/calendar/", headers={"Accept-Language": "en"})
    day = page.context["days"][today]
    assert day["day"].is_today
    assert day["chosen"]
    assert "今日更新" in [movie.title for movie, _ in day["day"].rows]
    assert not {"藏着", "已完"} & {movie.title for one in page.context["days"] for movie, _ in one["day"].rows}
    assert "Watching" not in page.text
    following = page if today < 6 else client.get("/calendar/?week=next")
    rows = following.context["days"][(today + 1) % 7]["day"].rows
    assert [(movie.title, entry.state, entry.first) for movie, entry in rows] == [("明日更新", "due", 2)]
    client.force_login(viewer)
    with django_assert_max_num_queries(8):
        assert client.get("/calendar/", headers={"Accept-Language": "en"}).text.count("<b>Watching</b>") == 1
    for query in ("week=last", "week=next", "day=3", "week=next&day=0", "day=9", "day=x"):
        assert client.get(f"/calendar/?{query}").status_code == 200
    assert client.get("/calendar/?week=nonsense").status_code == 404


@pytest.mark.django_db
def test_an_episode_is_out_from_when_it_could_first_be_watched():
    movie = make_movie(kind="series")
    episode = make_episode(movie=movie)
    assert episode.available_at is None
    services.refresh_episodes(movie_id=movie.pk)
    episode.refresh_from_db()
    first = episode.available_at
    assert first
    episode.video.ready_at = timezone.now() + timedelta(days=1)  # encoded again
    episode.video.save()
    services.refresh_episodes(movie_id=movie.pk)
    episode.refresh_from_db()
    movie.refresh_from_db()
    assert (episode.available_at, movie.latest_episode) == (first, 1)


@pytest.mark.django_db
def test_a_curator_sets_the_rhythm_and_is_told_what_is_wrong(client):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    film, series = make_movie(), make_movie(kind="series")
    add = reverse("admin:movies_schedule_add")
    form = {"movie": series.pk, "days": ["2", "3"], "time": "20:00", "episodes_each": 2, "starts_on": "2026-01-07"}
    wrong = {
        "movie": {**form, "movie": film.pk}, "days": {**form, "days": []},
        "episodes_each": {**form, "episodes_each": 0},
        "paused_until": {**form, "paused_from": "2026-02-02", "paused_until": "2026-02-01"},
        "paused_from": {**form, "paused_until": "2026-02-01"},
    }  # fmt: skip
    for field, sent in wrong.items():
        assert list(client.post(add, sent).context["adminform"].form.errors) == [field]
    assert client.post(add, {**form, "days": ["7"]}).status_code == 200
    assert client.post(add, form).status_code == 302
    schedule = Schedule.objects.get()
    assert (schedule.days, schedule.movie.schedule_finished) == ([2, 3], False)
    assert list(client.post(add, form).context["adminform"].form.errors) == ["movie"]  # it has one
    change = reverse("admin:movies_schedule_change", args=[schedule.pk])
    assert client.get(change).context["adminform"].form.initial["days"] == [2, 3]
    client.post(change, {**form, "days": ["6"], "finished": "on"})
    series.refresh_from_db()
    assert (Schedule.objects.get().days, series.schedule_finished) == ([6], True)
    client.post(reverse("admin:movies_schedule_delete", args=[schedule.pk]), {"post": "yes"})
    series.refresh_from_db()
    assert series.schedule_finished is None


@pytest.mark.django_db
def test_what_is_new_is_shown_by_day_and_goes_on_by_key(client):
    now = timezone.now()
    for n in range(60):
        make_movie(title=f"新{n:02}", published_at=now - timedelta(hours=n % 3))
    make_movie(title="旧片", published_at=now - timedelta(days=8))
    make_movie(title="草稿", status="draft")
    page = client.get("/new/")
    seen = [movie.pk for day in page.context["days"] for movie in day["movies"]]
    assert len(seen) == 48
    rest = client.get(page.context["more_url"])
    seen += [movie.pk for day in rest.context["days"] for movie in day["movies"]]
    assert len(seen) == len(set(seen)) == 60
    assert rest.context["more_url"] == ""
    assert "旧片" not in page.text + rest.text
    for wrong in ("x", "2026-01-01_1", "2026-01-01T00:00Z_", "_", "%00"):
        assert client.get(f"/new/?before={wrong}").status_code == 200


@pytest.mark.django_db
def test_what_came_out_is_read_from_an_index():
    rows = Episode.objects.filter(movie__in=[1, 2, 3], available_at__gte=timezone.now()).order_by()
    assert "episode_by_date" in rows.values_list("movie_id", "number", "available_at").explain()

"""Changes of the catalogue reach the index through the queue: whoever makes them, in whatever order, whatever dies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import pytest
from celery import current_app
from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from haystack import connections

from apps.media.models import Upload
from apps.movies import services as movies
from apps.movies.models import Audience, Credit, Genre, Language, Movie, Person, Region, Tag
from apps.search import services
from tests.factories import make_category, make_episode, make_movie, make_user, make_video
from utils.models import PendingTask
from utils.tasks import send_pending

pytestmark = pytest.mark.django_db
Queue = Callable[..., AbstractContextManager[list[Callable[[], Any]]]]


@pytest.fixture
def queue(django_capture_on_commit_callbacks: Any) -> Iterator[Queue]:
    """Within `queue()` a commit sends tasks, which run at once in this process."""
    before = {name: getattr(current_app.conf, name) for name in ("task_always_eager", "task_eager_propagates")}
    current_app.conf.update(dict.fromkeys(before, True))
    yield partial(django_capture_on_commit_callbacks, execute=True)
    current_app.conf.update(before)


@pytest.fixture
def curator(client: Client) -> Client:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def _found(text: str) -> list[str]:
    """Titles that the index has for the text as it is, without the rule of visibility."""
    names = dict(Movie.objects.values_list("pk", "title"))
    found = services.match(text=text)
    return [] if found.meant else [names[pk] for pk in found.ids]


def _title(**fields: Any) -> Movie:
    """A draft that can be played."""
    return make_episode(movie=make_movie(**{"status": "draft", "published_at": None, **fields})).movie


def _act(client: Client, action: str, *titles: Movie, shown: str = "") -> None:
    chosen = {"action": action, "_selected_action": [movie.pk for movie in titles]}
    assert client.post(reverse("admin:movies_movie_changelist") + shown, chosen).status_code == 302


def _save(client: Client, row: Any, **values: Any) -> None:
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    answer = client.post(reverse(name, args=[row.pk]), values)
    assert answer.status_code == 302, answer.context["errors"]


def test_bulk_actions_of_the_administration_reach_the_index(curator, queue):
    titles = [_title(title=f"星海{n}") for n in range(3)]
    for action, chosen, shown, found in (
        ("publish_titles", titles, "", {"星海0", "星海1", "星海2"}),
        ("withdraw_titles", titles[:1], "", {"星海1", "星海2"}),
        ("hide_titles", titles[1:], "", set()),
        ("restore_titles", titles[2:], "?deleted=only", {"星海2"}),
    ):
        with queue():
            _act(curator, action, *chosen, shown=shown)
        assert set(_found("星海")) == found


def test_an_edited_title_is_found_by_its_new_names_and_no_more_by_the_old(curator, queue):
    movie, person = _title(title="旧名"), Person.objects.create(name="林默")
    with queue():
        movies.publish(movies=[movie])
    formsets = {
        f"{name}-{key}": 0 for name in ("episodes", "credits", "materials") for key in ("TOTAL_FORMS", "INITIAL_FORMS")
    }
    form = formsets | {
        "title": "新名", "aliases": "别称", "kind": "film", "category": movie.category_id, "access": "free",
        "price": "10.00", "member_price": "5.00", "episodes_planned": 1, "credits-TOTAL_FORMS": 1,
        "credits-0-person": person.pk, "credits-0-role": "cast", "credits-0-order": 0,
    }  # fmt: skip
    with queue():
        _save(curator, movie, **form)
    for text in ("新名", "别称", "林默", "xinming"):
        assert _found(text) == ["新名"]
    assert _found("旧名") == []


def test_imported_files_are_found_once_they_are_published_and_ready(queue, tmp_path):
    upload = Upload.objects.create(
        owner=make_user(), filename="山海.mp4", size=1, video=make_video(), expires_at=timezone.now()
    )
    with queue():
        episode = movies.add_films(uploads=[movies.NamedUpload(upload, "山海")])[0]
    assert _found("山海") == []
    with queue():
        movies.publish(movies=[episode.movie])
    assert _found("山海") == ["山海"]
    waiting = make_movie(title="山海经", status="waiting", published_at=None)
    late = make_episode(movie=waiting).video
    with queue():
        movies.video_ready(video_id=late.pk)
    assert set(_found("山海")) == {"山海", "山海经"}


@pytest.mark.parametrize("model", ["category", "region", "genre", "language", "tag"])
def test_a_renamed_label_is_found_by_its_new_name(curator, queue, model):
    movie, values = _title(title="潮汐"), {}
    if model == "category":
        label: Any = make_category("kids")
        movie.category, values = label, {"slug": "kids", "order": 0}
    else:
        models: dict[str, Any] = {"region": Region, "genre": Genre, "language": Language, "tag": Tag}
        label = models[model].objects.create(name="旧称")
    if model == "region":
        movie.region = label
    movie.save()
    if model in ("genre", "language", "tag"):
        getattr(movie, f"{model}s").add(label)
    with queue():
        movies.publish(movies=[movie])
        _save(curator, label, name="新称", **values)
    assert _found("新称") == ["潮汐"]
    assert _found("旧称") == []


@pytest.mark.parametrize("model", ["genre", "language", "tag"])
def test_a_deleted_label_finds_nothing_any_more(curator, queue, model):
    movie = _title(title="潮汐")
    for name in ("甲类", "乙类"):
        getattr(movie, f"{model}s").create(name=name)
    with queue():
        movies.refresh_movie(movie_id=movie.pk)
        movies.publish(movies=[movie])
    assert _found("甲类") == _found("乙类") == ["潮汐"]
    one, other = getattr(movie, f"{model}s").order_by("pk")
    with queue():
        assert curator.post(reverse(f"admin:movies_{model}_delete", args=[one.pk]), {"post": "yes"}).status_code == 302
    assert (_found("甲类"), _found("乙类")) == ([], ["潮汐"])
    rows = {"action": "delete_selected", "_selected_action": [other.pk], "post": "yes"}
    with queue():
        assert curator.post(reverse(f"admin:movies_{model}_changelist"), rows).status_code == 302
    assert _found("乙类") == []


def test_people_are_found_by_what_they_are_called_now(curator, queue):
    one, other = Person.objects.create(name="林默"), Person.objects.create(name="林墨墨", aliases="老林")
    titles = [_title(title=f"片{n}") for n in range(3)]
    for movie, person in ((titles[0], one), (titles[1], other), (titles[2], one), (titles[2], other)):
        Credit.objects.create(movie=movie, person=person, role="cast")
    with queue():
        movies.publish(movies=titles)
        _save(curator, other, name="沈舟", aliases="老沈")
    assert set(_found("沈舟")) == set(_found("老沈")) == {"片1", "片2"}
    assert _found("老林") == []
    with queue():
        movies.merge_people(person=one, into=other)
    assert set(_found("林默")) == set(_found("沈舟")) == {"片0", "片1", "片2"}
    assert services.mend_differences() == 0


def test_tasks_may_run_twice_late_and_in_any_order(queue, django_capture_on_commit_callbacks):
    movie = _title(title="初名")
    with django_capture_on_commit_callbacks() as sent:
        movies.publish(movies=[movie])
        Movie.objects.filter(pk=movie.pk).update(title="次名")
        movies.announce(movie_ids=[movie.pk])
        movies.withdraw(movies=[movie])
        movies.publish(movies=[movie])
    for order in (reversed(sent), sent):
        for run in order:
            run()
        assert (_found("次名"), _found("初名")) == (["次名"], [])
    movies.hide(movies=[movie])
    for run in sent:
        run()
    assert _found("次名") == []


def test_a_process_that_dies_between_commit_and_message_loses_nothing(queue, django_capture_on_commit_callbacks):
    movie, tag = _title(title="星海"), Tag.objects.create(name="旧称")
    movie.tags.add(tag)
    with django_capture_on_commit_callbacks():  # committed, and nothing is sent
        movies.publish(movies=[movie])
        Tag.objects.filter(pk=tag.pk).update(name="新称")
        movies.announce_renamed(relation="tag", key=tag.pk)
    assert _found("星海") == []
    assert PendingTask.objects.count() == 2
    send_pending()
    assert _found("新称") == _found("星海") == ["星海"]
    assert not PendingTask.objects.exists()


def test_a_message_that_was_sent_is_not_sent_again(queue):
    with queue():
        movies.publish(movies=[_title(title="星海")])
    assert not PendingTask.objects.exists()


def test_what_changed_without_a_word_is_mended(queue, capsys):
    titles = [_title(title=f"星海{n}") for n in range(3)]
    with queue():
        movies.publish(movies=titles[:2])
    Movie.objects.filter(pk=titles[0].pk).update(title="远山")
    Movie.objects.filter(pk=titles[1].pk).update(status="withdrawn")
    Movie.objects.filter(pk=titles[2].pk).update(status="published", published_at=timezone.now())
    with pytest.raises(SystemExit):
        call_command("search_doctor", dry_run=True)
    call_command("search_doctor")
    assert capsys.readouterr().out == "movies.movie: 1 missing, 1 stale, 1 left over\n" * 2
    assert (_found("星海"), _found("远山")) == (["星海2"], ["远山"])
    Movie.objects.filter(pk=titles[0].pk).update(title="近水")
    current_app.tasks["search.mend"].apply()
    assert _found("近水") == ["近水"]
    call_command("search_doctor", dry_run=True)


def test_plays_change_the_order(queue):
    first, second = (_title(title=f"星海{n}", plays=9 - n) for n in range(2))
    with queue():
        movies.publish(movies=[first, second])
    assert _found("星海") == ["星海0", "星海1"]
    Movie.objects.filter(pk=second.pk).update(plays=F("plays") + 500)
    current_app.tasks["search.reheat"].apply()
    assert _found("星海") == ["星海1", "星海0"]
    assert services.reheat() == 0
    assert services.mend_differences() == 0


@pytest.mark.parametrize(
    "fields", [{"status": "draft"}, {"status": "waiting"}, {"status": "withdrawn"}, {"deleted_at": timezone.now()}]
)
def test_a_planted_entry_shows_nothing_to_anyone(client, curator, fields):
    movie: Any = make_movie(title="禁海", kind="series", summary="禁海的故事", **fields)
    Credit.objects.create(movie=movie, person=Person.objects.create(name="禁海客"), role="cast")
    index = connections["default"].get_unified_index().get_index(Movie)
    movie.named = list(movie.credits.all())  # as the index's queryset does
    connections["default"].get_backend().update(index, [movie])
    assert _found("禁海") == ["禁海"]
    audience = Audience(AnonymousUser(), timezone.now())
    assert services.find(text="禁海", audience=audience, most=9) == []
    assert services.people(text="禁海客", among=[movie.pk], audience=audience) == []
    for viewer in (Client(), curator):
        for text in ("禁海", "禁海客", "jinhai", "禁海哈"):
            page = viewer.get("/search/", {"q": text, "kind": "series"})
            assert list(page.context["movie_page"]) == []
            assert f"/single/{movie.pk}/" not in page.text
            assert viewer.get("/search/suggest/", {"q": text}).json()["suggestions"] == []

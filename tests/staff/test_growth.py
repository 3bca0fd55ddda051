"""However many rows there are, a page of the administration asks the database as often as for a few."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection, models
from django.db.models import Model
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.community.models import Comment
from apps.media.models import Subtitle
from apps.movies.models import Chapter, Credit, Episode, Material, Person
from apps.playback.models import Progress
from apps.users.models import User
from tests.factories import make_user
from tests.staff.walk import ask, page

pytestmark = pytest.mark.django_db
OURS = [model for model in apps.get_models() if model.__module__.startswith(("apps.", "utils."))]
MORE = 5
_mark = count(1)


def _another(row: Model, **changes: Any) -> Model:
    """A row like this one, apart in what has to be."""
    values = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if not f.primary_key}
    once = [[f] for f in row._meta.concrete_fields if f.unique and not f.primary_key]
    once += [
        [row._meta.get_field(n) for n in c.fields]
        for c in row._meta.constraints
        if isinstance(c, models.UniqueConstraint)
    ]
    for fields in once:
        plain = [f for f in fields if not f.is_relation and not f.choices]
        own = plain or [f for f in fields if f.is_relation and f.attname not in changes]
        if not own or values[own[-1].attname] is None:
            continue
        field, mark = own[-1], next(_mark)
        if field.is_relation:
            values[field.attname] = _another(getattr(row, field.name)).pk
        else:
            old = values[field.attname]
            values[field.attname] = f"{mark}{old}"[: field.max_length] if isinstance(old, str) else old + mark
    made = type(row)(**{**values, **changes})
    made.save(force_insert=True)
    return made


@contextmanager
def _queries() -> Iterator[list[str]]:
    found: list[str] = []
    with CaptureQueriesContext(
        connection,
    ) as asked:
        yield found
    found += [q["sql"] for q in asked.captured_queries]


def _asked(user: User, address: str) -> list[str]:
    with _queries() as found:
        assert page(user, address), address
    return found


@pytest.fixture(scope="module")
def boss(shared_rows) -> User:
    episode = Episode.objects.get(movie__banners__isnull=False)
    Credit.objects.create(movie=episode.movie, person=Person.objects.get(), role="cast")
    Material.objects.create(movie=episode.movie, title="讲义", file="materials/x.pdf")
    Chapter.objects.create(episode=episode, starts_at=1, title="章")
    Subtitle.objects.create(video=episode.video, language="zh", label="中文", file="x.vtt")
    viewer = User.objects.filter(is_staff=False).first()
    Progress.objects.create(user=viewer, episode=episode, updated_at=timezone.now())
    Comment.objects.create(movie=episode.movie, user=viewer, text="好")
    return make_user(is_staff=True, is_superuser=True)


@pytest.mark.parametrize("model", OURS, ids=lambda m: m._meta.label)
def test_naming_a_row_asks_nothing(model, django_assert_num_queries):
    row = model(pk=1, **{f.attname: 1 for f in model._meta.concrete_fields if f.is_relation})
    for field in model._meta.concrete_fields:
        if isinstance(field, models.DateField):  # DateTimeField is one
            setattr(row, field.attname, timezone.now())
        elif isinstance(field, models.FloatField | models.DecimalField) and getattr(row, field.attname) is None:
            setattr(row, field.attname, 0)
    with django_assert_num_queries(0):
        str(row)


def test_lists_ask_as_often_for_many_rows(boss):
    lists = {m: reverse(f"admin:{m._meta.app_label}_{m._meta.model_name}_changelist") for m in admin.site._registry}
    for model, address in lists.items():
        page(boss, address)  # what is asked for once and kept
        _another(model._default_manager.order_by("pk").first())
    few = {model: _asked(boss, address) for model, address in lists.items()}
    for model in lists:
        for _ in range(MORE):
            _another(model._default_manager.order_by("pk").first())
    for model, address in lists.items():
        many = _asked(boss, address)
        assert len(many) <= len(few[model]), (model, [q for q in many if many.count(q) > 1], many[len(few[model]) :])


@pytest.mark.parametrize("kind", ["change", "delete"])
def test_pages_ask_as_often_for_a_row_that_has_many(boss, kind):
    for model in admin.site._registry:
        row = _richest(model)
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{kind}", args=[row.pk])
        if ask(boss, "get", address) == 403:
            continue
        page(boss, address)  # what is asked for once and kept
        few = _asked(boss, address)
        for relation in model._meta.related_objects:
            field, child = relation.field, relation.related_model
            if not relation.one_to_many:
                continue
            there = child._base_manager.filter(**{field.name: row.pk}).first()
            if there is None or child._meta.auto_created:
                continue
            for _ in range(MORE):
                _another(there, **{field.attname: row.pk})
        many = _asked(boss, address)
        # an inline of many rows and none to add differ by no query
        assert len(many) <= len(few), (address, sorted(set(many) - set(few)))


def _richest(model: type[Model]) -> Model:
    own = {"user": {"is_staff": False}, "video": {"subtitles__isnull": False}, "movie": {"credits__isnull": False}}
    own |= {"episode": {"chapters__isnull": False}}
    return model._default_manager.filter(**own.get(model._meta.model_name, {})).order_by("pk").first()


def test_few_things_are_chosen_from_a_list_that_grows(boss):
    """What viewers and curators make more and more of is searched for, never listed whole in a form."""
    grows = {"movies.movie", "movies.person", "movies.episode", "users.user", "media.video", "orders.order"}
    request = RequestFactory().get("/admin/")
    request.user = boss
    for model, shown in admin.site._registry.items():
        for place in (shown, *shown.get_inline_instances(request, _richest(model))):
            may_add = (request,) if isinstance(place, admin.ModelAdmin) else (request, None)
            writes = place.has_change_permission(request) or place.has_add_permission(*may_add)
            for field in place.model._meta.fields:
                if field.is_relation and field.related_model._meta.label_lower in grows and writes:
                    fixed = {*place.get_readonly_fields(request), *place.get_autocomplete_fields(request)}
                    inline_of = getattr(place, "parent_model", None) is field.related_model
                    named = place.get_fields(request, _richest(model)) if hasattr(place, "get_fields") else []
                    assert field.name in fixed or inline_of or field.name not in named, (place, field)

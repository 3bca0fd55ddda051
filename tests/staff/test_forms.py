"""Every form of the administration: what breaks a rule of the database is said beside its field, and nothing is lost.

The forms are read from the admin site's registry and filled as a browser fills them: a new one is covered without a
line here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib import admin
from django.db import models, transaction
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from apps.media.models import Subtitle
from apps.movies.models import Chapter, Credit, Episode, Material, Person
from apps.orders.models import Plan
from apps.users.models import User
from tests.factories import make_plan
from tests.pageforms import PageForm, errors_of, forms_of
from tests.staff import walk
from tests.staff.walk import make_staff, signed_in

pytestmark = pytest.mark.django_db
SMALL = (models.SmallIntegerField, models.PositiveSmallIntegerField)


Form = tuple[type[Model], str, PageForm]  # of a model, at an address


@pytest.fixture(scope="module")
def boss(shared_rows) -> User:
    """The administration with a row of each model, and of each that is edited together with another."""
    episode = Episode.objects.get(movie__banners__isnull=False)
    Credit.objects.create(movie=episode.movie, person=Person.objects.get(), role="cast")
    Material.objects.create(movie=episode.movie, title="讲义", file="materials/x.pdf")
    Chapter.objects.create(episode=episode, starts_at=1, title="章")
    Subtitle.objects.create(video=episode.video, language="zh", label="中文", file="x.vtt")
    return make_staff(is_superuser=True)


@pytest.fixture(scope="module")
def forms(boss) -> list[Form]:
    """Each form of each model."""
    return list(_forms(boss, admin.site._registry))


@pytest.fixture
def curator(boss, db) -> Client:
    """The boss at a browser."""
    return signed_in(boss)


def _row(model: type[Model]) -> Model:
    """The one that has rows of its own, where there is one."""
    rows = model._default_manager.order_by("pk")
    own = {"user": {"is_staff": False}, "video": {"subtitles__isnull": False}, "movie": {"credits__isnull": False}}
    return rows.filter(**own.get(model._meta.model_name, {})).first()


def _forms(user: User, of: Iterable[type[Model]]) -> Iterator[Form]:
    for model in of:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        for address in (
            reverse(f"{name}_add"),
            reverse(f"{name}_change", args=[_row(model).pk]),
            reverse(f"{name}_changelist"),
        ):
            found = [
                f
                for f in forms_of(walk.page(user, address))  # none where nobody adds such rows
                if f.id in {f"{model._meta.model_name}_form", "changelist-form"}
            ]
            for form in found:
                yield model, address, _whole(form, address)


def _whole(form: PageForm, address: str) -> PageForm:
    """The form with what a new row needs."""
    form.typed = {n for n in form.typed if n not in {"action", "action-toggle", "_selected_action"}}
    form.typed = {n for n in form.typed if "__prefix__" not in n and not n.endswith("-DELETE")}
    form.fields = {n: v for n, v in form.fields.items() if "__prefix__" not in n} | {"_save": ["1"]}
    form.fields.pop("action", None)
    if address.endswith("/add/"):
        for field, value in NEW.items():
            if form.fields.get(field, [""]) in ([""], []) and field in form.typed:
                form.fields[field] = [str(value() if callable(value) else value)]
    return form


NEW = {
    "title": "新", "name": "新", "slug": "new", "code": "NEW", "value": "5", "kind": "percent", "days": "3",
    "reason": "赠", "price": "10", "number": "7", "username": "fresh", "password1": "right horse battery",
    "password2": "right horse battery",
    "movie": lambda: Episode.objects.order_by("pk").first().movie_id, "user": lambda: _row(User).pk,
    "category": lambda: Episode.objects.first().movie.category_id,
}  # fmt: skip


def _field(model: type[Model], name: str) -> models.Field | None:
    """The model's field behind the name of an input."""
    row = re.fullmatch(r"(\w+)-\d+-(\w+)", name)
    of = {"episodes": Episode, "credits": Credit, "materials": Material, "chapters": Chapter, "subtitles": Subtitle}
    model, name = (of.get(row[1], model), row[2]) if row else (model, name)
    return next((f for f in model._meta.fields if f.name == name), None)


def _post(client: Client, address: str, data: dict[str, Any]) -> Any:
    """The answer to a form, whose effect is undone."""
    with _undone():
        return client.post(address, data)


def _judged(user: User, address: str, data: dict[str, Any]) -> Any:
    """The same where the page doesn't matter: it is not rendered."""
    with _undone():
        return walk.answer(user, "post", address, data)


@contextmanager
def _undone() -> Iterator[None]:
    mark = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(mark)


def _too_much(field: models.Field) -> str:
    match field:
        case models.TextField():
            return ""
        case models.CharField() if not field.choices and field.max_length:
            return "𠮷" * (field.max_length + 1)
        case models.IntegerField() if field.get_internal_type() == "BigIntegerField":
            return "9" * 30
        case models.IntegerField():
            return "65536" if isinstance(field, SMALL) else "4294967296"
        case models.DecimalField():
            return "9" * 20
        case models.FloatField():
            return "1e400"
        case models.ForeignKey() | models.DateTimeField():
            return "9" * 30
    return ""


def test_what_is_too_long_or_too_large_is_said_beside_its_field(curator, forms):
    tried = set()
    for model, address, form in forms:
        fields = {name: field for name in form.typed if (field := _field(model, name)) is not None}
        wrong = {name: value for name, field in fields.items() if (value := _too_much(field))}
        if not wrong:
            continue
        answer = _post(curator, address, form.sent(**wrong))
        assert answer.status_code == 200, address
        assert wrong.keys() <= errors_of(answer).keys(), (address, wrong.keys() - errors_of(answer).keys())
        page = answer.content.decode()
        for name, value in wrong.items():
            if not isinstance(fields[name], models.ForeignKey | models.DateTimeField):  # chosen, or typed in two boxes
                assert value in page, (address, name)  # what was typed is still there
        tried |= {f"{model._meta.model_name}.{name}" for name in wrong}
    assert len(tried) > 50
    assert {"banner.form-0-order", "movie.credits-0-character", "plan.days", "user.nickname"} <= tried


@pytest.mark.parametrize("key", ["x", "9" * 30])
def test_keys_that_no_row_has_are_refused(curator, forms, key):
    tried = 0
    for model, address, form in forms:
        many = {f.name for f in model._meta.many_to_many}
        chosen = {n for n in form.typed if n in many or isinstance(_field(model, n), models.ForeignKey)}
        if chosen:
            answer = _post(curator, address, form.sent(**{name: [key] for name in chosen}))
            assert answer.status_code == 200, address
            assert chosen <= errors_of(answer).keys(), (address, chosen)
            tried += len(chosen)
    assert tried > 10


def _once(model: type[Model]) -> list[tuple[str, ...]]:
    """The sets of fields that no two rows may have alike."""
    single = [(f.name,) for f in model._meta.fields if f.unique and f.editable and not f.primary_key]
    return single + [tuple(c.fields) for c in model._meta.constraints if isinstance(c, models.UniqueConstraint)]


def test_what_is_there_already_is_said_beside_its_field(boss, forms):
    found = {address: (model, form) for model, address, form in forms}
    tried = set()
    for address, (model, form) in found.items():
        if not address.endswith("/add/"):
            continue
        change = address.replace("/add/", f"/{_row(model).pk}/change/")
        same = {n: v for n, v in found[change][1].fields.items() if "-" not in n} if change in found else {}
        for names in _once(model):
            if not set(names) <= form.typed | set(form.fields):
                continue
            judged = _judged(boss, address, form.sent(**{n: same[n] for n in names}))
            assert judged.status_code == 200, address
            assert set(errors_of(judged)) & set(names), (address, errors_of(judged))
            tried.add(model._meta.model_name)
    assert tried >= {"user", "category", "genre", "region", "coupon", "episode"}


@pytest.mark.parametrize("of", ["credits", "episodes"])
def test_rows_edited_together_are_told_apart(curator, forms, of):
    _model, address, form = next(f for f in forms if re.search(r"/movie/\d+/change", f[1]))
    first = {n: v for n, v in form.fields.items() if n.startswith(f"{of}-0-")}
    again = {n.replace("-0-", "-1-"): v for n, v in first.items() if not n.endswith("-id")}
    again |= {"episodes-1-title": ["同一集"]} if of == "episodes" else {}
    data = form.sent(**again, **{f"{of}-TOTAL_FORMS": "2", "title": "改过的名字"})
    answer = _post(curator, address, data)
    assert answer.status_code == 200
    assert errors_of(answer)
    assert "改过的名字" in answer.content.decode()


def _wrong(field: models.Field) -> list[str]:
    if field.choices:
        return [str(value) for value, _label in field.flatchoices]
    if isinstance(field, models.DateTimeField | models.BooleanField):
        return []
    return ["0", "101"]


def test_what_a_check_refuses_is_said_beside_its_field(boss, forms):
    refused = set()
    for model, address, form in forms:
        for check in (c for c in model._meta.constraints if isinstance(c, models.CheckConstraint)):
            names = _named(model, check)
            for name in sorted(names & form.typed):
                for value in _wrong(model._meta.get_field(name)):
                    judged = _judged(boss, address, form.sent(**{name: value}))
                    if judged.status_code == 200:
                        assert set(errors_of(judged)) & names, (address, name, value, errors_of(judged))
                        refused.add(check.name)
                    else:
                        assert judged.status_code == 302, (address, name, value)
    assert refused >= {
        "movie_prices_positive", "plan_price_positive", "plan_days_positive", "coupon_value_positive",
        "coupon_percent_at_most_all", "episode_number_within",
    }  # fmt: skip


def _named(model: type[Model], check: models.CheckConstraint) -> set[str]:
    return {f.name for f in model._meta.fields if re.search(rf"'{f.name}(?:__\w+)?'", str(check.condition))}


def test_a_period_that_holds_no_moment_is_refused(curator, forms):
    tried = set()
    for model, address, form in forms:
        if {"starts_at_0", "ends_at_0"} <= form.typed:
            wrong = {
                "starts_at_0": "2026-02-01",
                "starts_at_1": "08:00",
                "ends_at_0": "2026-01-01",
                "ends_at_1": "08:00",
            }
            answer = _post(curator, address, form.sent(**wrong))
            assert answer.status_code == 200, address
            assert "ends_at" in errors_of(answer), address
            tried.add(model._meta.model_name)
    assert tried == {"banner", "notice", "coupon"}


def test_the_address_of_all_titles_is_no_category(curator, forms):
    _model, address, form = next(f for f in forms if f[1].endswith("/category/add/"))
    assert "slug" in errors_of(_post(curator, address, form.sent(slug="all")))


def test_the_rest_is_saved_where_a_row_was_deleted_meanwhile(boss, curator):
    make_plan()  # one that no order holds
    model, address, form = next(f for f in _forms(boss, [Plan]) if f[1].endswith("/plan/"))
    numbers = [n for n in range(9) if f"form-{n}-id" in form.fields]
    plans = {n: model._default_manager.get(pk=form.fields[f"form-{n}-id"][0]) for n in numbers}
    gone = next(n for n in numbers if not plans[n].orders.exists())  # type: ignore[attr-defined]
    other = max(n for n in numbers if n != gone)
    plans[gone].delete()
    page = curator.post(address, form.sent(**{f"form-{other}-order": "77", f"form-{gone}-order": "5"}), follow=True)
    plans[other].refresh_from_db()
    assert plans[other].order == 77  # type: ignore[attr-defined]
    assert "其他人删除" in page.content.decode()


def test_a_credit_deleted_meanwhile_does_not_keep_the_title_from_being_saved(curator, forms):
    model, address, form = next(f for f in forms if re.search(r"/movie/\d+/change", f[1]))
    Credit.objects.all().delete()
    page = curator.post(address, form.sent(title="改过的名字"), follow=True)
    assert model._default_manager.filter(title="改过的名字").exists()
    assert "其他人删除" in page.content.decode()


def test_what_is_needed_is_counted_and_not_deleted(curator, django_assert_max_num_queries):
    for model in admin.site._registry:
        row, name = _row(model), f"admin:{model._meta.app_label}_{model._meta.model_name}_delete"
        with django_assert_max_num_queries(40):
            answer = curator.get(reverse(name, args=[row.pk]))
        if answer.status_code == 403:
            continue
        held = bool(answer.context["protected"])
        gone = _post(curator, reverse(name, args=[row.pk]), {"post": "yes"})
        assert gone.status_code == (200 if held else 302), model
    held = curator.get(reverse("admin:movies_category_delete", args=[Episode.objects.first().movie.category_id]))
    assert held.context["protected"]

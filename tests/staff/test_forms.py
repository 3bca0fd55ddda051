"""Every form of the administration: what breaks a rule of the database is said beside its field, and nothing is lost.

The forms are read from the admin site's registry and filled as a browser fills them: a new one is covered without a
line here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection, models, transaction
from django.db.models import Model
from django.db.models.signals import pre_save
from django.urls import reverse

from apps.media.models import Subtitle
from apps.movies.models import Chapter, Credit, Episode, Genre, Material, Person
from apps.users.models import User
from tests.factories import make_plan, make_user
from tests.pageforms import PageForm, forms_of

pytestmark = pytest.mark.django_db
SMALL = (models.SmallIntegerField, models.PositiveSmallIntegerField)


@pytest.fixture
def curator(client, rows):
    """The administration with a row of each model, and of each that is edited together with another."""
    episode = Episode.objects.get(movie__banners__isnull=False)
    Credit.objects.create(movie=episode.movie, person=Person.objects.get(), role="cast")
    Material.objects.create(movie=episode.movie, title="讲义", file="materials/x.pdf")
    Chapter.objects.create(episode=episode, starts_at=1, title="章")
    Subtitle.objects.create(video=episode.video, language="zh", label="中文", file="x.vtt")
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def _row(model: type[Model]) -> Model:
    """The one that has rows of its own, where there is one."""
    rows = model._default_manager.order_by("pk")
    own = {"user": {"is_staff": False}, "video": {"subtitles__isnull": False}, "movie": {"credits__isnull": False}}
    return rows.filter(**own.get(model._meta.model_name, {})).first()


def _forms(client: Any) -> Iterator[tuple[type[Model], str, PageForm]]:
    """Each form of each model: (model, address, form)."""
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        for address in (
            reverse(f"{name}_add"),
            reverse(f"{name}_change", args=[_row(model).pk]),
            reverse(f"{name}_changelist"),
        ):
            page = client.get(address)
            if page.status_code == 403 and address.endswith("/add/"):
                continue  # nobody adds such rows
            found = [
                f
                for f in forms_of(page.content.decode())
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


def _errors(page: Any) -> dict[str, list[str]]:
    """What a page says is wrong, by the names of its fields."""
    said: dict[str, list[str]] = {}
    context = page.context
    main = context.get("adminform")
    rows = [main.form] if main else []
    for shown in context.get("inline_admin_formsets") or []:
        rows += shown.formset.forms
    if context.get("cl") is not None and context["cl"].formset:
        rows += context["cl"].formset.forms
    for form in rows:
        for name, errors in form.errors.items():
            said[form.add_prefix(name) if name != "__all__" else name] = list(errors)
    return said


def _field(model: type[Model], name: str) -> models.Field | None:
    """The model's field behind the name of an input."""
    row = re.fullmatch(r"(\w+)-\d+-(\w+)", name)
    of = {"episodes": Episode, "credits": Credit, "materials": Material, "chapters": Chapter, "subtitles": Subtitle}
    model, name = (of.get(row[1], model), row[2]) if row else (model, name)
    return next((f for f in model._meta.fields if f.name == name), None)


def _post(client: Any, address: str, data: dict[str, Any]) -> Any:
    """The answer to a form, whose effect is undone."""
    mark = transaction.savepoint()
    try:
        return client.post(address, data)
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


def test_what_is_too_long_or_too_large_is_said_beside_its_field(curator):
    tried = set()
    for model, address, form in _forms(curator):
        fields = {name: field for name in form.typed if (field := _field(model, name)) is not None}
        wrong = {name: value for name, field in fields.items() if (value := _too_much(field))}
        if not wrong:
            continue
        answer = _post(curator, address, form.sent(**wrong))
        assert answer.status_code == 200, address
        assert wrong.keys() <= _errors(answer).keys(), (address, wrong.keys() - _errors(answer).keys())
        page = answer.content.decode()
        for name, value in wrong.items():
            if not isinstance(fields[name], models.ForeignKey | models.DateTimeField):  # chosen, or typed in two boxes
                assert value in page, (address, name)  # what was typed is still there
        tried |= {f"{model._meta.model_name}.{name}" for name in wrong}
    assert len(tried) > 50
    assert {"banner.form-0-order", "movie.credits-0-character", "plan.days", "user.nickname"} <= tried


@pytest.mark.parametrize("key", ["x", "9" * 30])
def test_keys_that_no_row_has_are_refused(curator, key):
    tried = 0
    for model, address, form in _forms(curator):
        many = {f.name for f in model._meta.many_to_many}
        chosen = {n for n in form.typed if n in many or isinstance(_field(model, n), models.ForeignKey)}
        if chosen:
            answer = _post(curator, address, form.sent(**{name: [key] for name in chosen}))
            assert answer.status_code == 200, address
            assert chosen <= _errors(answer).keys(), (address, chosen)
            tried += len(chosen)
    assert tried > 10


def _once(model: type[Model]) -> list[tuple[str, ...]]:
    """The sets of fields that no two rows may have alike."""
    single = [(f.name,) for f in model._meta.fields if f.unique and f.editable and not f.primary_key]
    return single + [tuple(c.fields) for c in model._meta.constraints if isinstance(c, models.UniqueConstraint)]


def test_what_is_there_already_is_said_beside_its_field(curator):
    found = {address: (model, form) for model, address, form in _forms(curator)}
    tried = set()
    for address, (model, form) in found.items():
        if not address.endswith("/add/"):
            continue
        change = address.replace("/add/", f"/{_row(model).pk}/change/")
        same = {n: v for n, v in found[change][1].fields.items() if "-" not in n} if change in found else {}
        for names in _once(model):
            if not set(names) <= form.typed | set(form.fields):
                continue
            answer = _post(curator, address, form.sent(**{n: same[n] for n in names}))
            assert answer.status_code == 200, address
            assert set(_errors(answer)) & set(names), (address, _errors(answer))
            tried.add(model._meta.model_name)
    assert tried >= {"user", "category", "genre", "region", "coupon", "episode"}


@pytest.mark.parametrize("of", ["credits", "episodes"])
def test_rows_edited_together_are_told_apart(curator, of):
    _model, address, form = next(f for f in _forms(curator) if re.search(r"/movie/\d+/change", f[1]))
    first = {n: v for n, v in form.fields.items() if n.startswith(f"{of}-0-")}
    again = {n.replace("-0-", "-1-"): v for n, v in first.items() if not n.endswith("-id")}
    again |= {"episodes-1-title": ["同一集"]} if of == "episodes" else {}
    data = form.sent(**again, **{f"{of}-TOTAL_FORMS": "2", "title": "改过的名字"})
    answer = _post(curator, address, data)
    assert answer.status_code == 200
    assert _errors(answer)
    assert "改过的名字" in answer.content.decode()


def _wrong(field: models.Field) -> list[str]:
    if field.choices:
        return [str(value) for value, _label in field.flatchoices]
    if isinstance(field, models.DateTimeField | models.BooleanField):
        return []
    return ["0", "101"]


def test_what_a_check_refuses_is_said_beside_its_field(curator):
    refused = set()
    for model, address, form in _forms(curator):
        for check in (c for c in model._meta.constraints if isinstance(c, models.CheckConstraint)):
            names = _named(model, check)
            for name in sorted(names & form.typed):
                for value in _wrong(model._meta.get_field(name)):
                    answer = _post(curator, address, form.sent(**{name: value}))
                    if answer.status_code == 200:
                        assert set(_errors(answer)) & names, (address, name, value, _errors(answer))
                        refused.add(check.name)
                    else:
                        assert answer.status_code == 302, (address, name, value)
    assert refused >= {
        "movie_prices_positive", "plan_price_positive", "plan_days_positive", "coupon_value_positive",
        "coupon_percent_at_most_all", "episode_number_within",
    }  # fmt: skip


def _named(model: type[Model], check: models.CheckConstraint) -> set[str]:
    return {f.name for f in model._meta.fields if re.search(rf"'{f.name}(?:__\w+)?'", str(check.condition))}


def test_a_period_that_holds_no_moment_is_refused(curator):
    tried = set()
    for model, address, form in _forms(curator):
        if {"starts_at_0", "ends_at_0"} <= form.typed:
            wrong = {
                "starts_at_0": "2026-02-01",
                "starts_at_1": "08:00",
                "ends_at_0": "2026-01-01",
                "ends_at_1": "08:00",
            }
            answer = _post(curator, address, form.sent(**wrong))
            assert answer.status_code == 200, address
            assert "ends_at" in _errors(answer), address
            tried.add(model._meta.model_name)
    assert tried == {"banner", "notice", "coupon"}


def test_the_address_of_all_titles_is_no_category(curator):
    _model, address, form = next(f for f in _forms(curator) if f[1].endswith("/category/add/"))
    assert "slug" in _errors(_post(curator, address, form.sent(slug="all")))


def test_the_rest_is_saved_where_a_row_was_deleted_meanwhile(curator):
    make_plan()  # one that no order holds
    model, address, form = next(f for f in _forms(curator) if f[1].endswith("/plan/"))
    numbers = [n for n in range(9) if f"form-{n}-id" in form.fields]
    plans = {n: model._default_manager.get(pk=form.fields[f"form-{n}-id"][0]) for n in numbers}
    gone = next(n for n in numbers if not plans[n].orders.exists())  # type: ignore[attr-defined]
    other = max(n for n in numbers if n != gone)
    plans[gone].delete()
    page = curator.post(address, form.sent(**{f"form-{other}-order": "77", f"form-{gone}-order": "5"}), follow=True)
    plans[other].refresh_from_db()
    assert plans[other].order == 77  # type: ignore[attr-defined]
    assert "其他人删除" in page.content.decode()


def test_a_credit_deleted_meanwhile_does_not_keep_the_title_from_being_saved(curator):
    model, address, form = next(f for f in _forms(curator) if re.search(r"/movie/\d+/change", f[1]))
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


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has one writer at a time: nothing gets between")
def test_what_another_writes_between_check_and_write_is_found(client):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    came = []

    def other(sender: object, instance: Genre, **_: object) -> None:
        if came:
            return
        came.append(1)

        def write() -> None:
            Genre.objects.bulk_create([Genre(name="科幻", name_en="first")])
            connection.close()

        thread = Thread(target=write)
        thread.start()
        thread.join()

    pre_save.connect(other, sender=Genre)
    try:
        answer = client.post(reverse("admin:movies_genre_add"), {"name": "科幻", "name_en": "Typed"})
    finally:
        pre_save.disconnect(other, sender=Genre)
    assert answer.status_code == 200
    assert "name" in _errors(answer)
    assert 'value="Typed"' in answer.content.decode()
    assert Genre.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_what_only_the_database_refuses_keeps_what_was_typed(client):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    refuse = {
        "sqlite": "CREATE TRIGGER refuse BEFORE INSERT ON movies_genre BEGIN SELECT RAISE(ABORT, 'no'); END",
        "mysql": "CREATE TRIGGER refuse BEFORE INSERT ON movies_genre FOR EACH ROW "
        "SIGNAL SQLSTATE '23000' SET MYSQL_ERRNO = 1062, MESSAGE_TEXT = 'no'",
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(refuse)
    try:
        answer = client.post(reverse("admin:movies_genre_add"), {"name": "科幻", "name_en": "Typed"})
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER refuse")
    assert answer.status_code == 200
    assert 'value="Typed"' in answer.content.decode()
    assert _errors(answer)["__all__"]

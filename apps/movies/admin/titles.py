"""Administration of titles, and adding uploads to them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import IntegrityError
from django.db.models import QuerySet
from django.forms import BaseInlineFormSet, ModelForm
from django.http import HttpRequest, HttpResponseNotAllowed, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, RelatedDropdownFilter
from unfold.decorators import action, display

from apps.movies import services
from apps.movies.admin.inlines import CreditInline, EpisodeInline, MaterialInline, attach_later
from apps.movies.admin.numbering import episodes_page
from apps.movies.forms import AddUploadsForm, MovieForm
from apps.movies.models import Access, Episode, Movie, Status
from utils.admin import PublicModelAdmin
from utils.pictures import url
from utils.tasks import enqueue

STATUS_LABELS = {
    "deleted": "danger",
    Status.PUBLISHED: "success",
    Status.WAITING: "primary",
    Status.DRAFT: "info",
    Status.WITHDRAWN: "warning",
}
NAMED = 5  # titles listed in a message


class DeletedFilter(DropdownFilter):
    """Hides deleted titles unless they are requested."""

    title = _("deleted titles")
    parameter_name = "deleted"
    all_option = ["", _("Hidden")]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("only", _("Deleted only")), ("too", _("Included"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Movie]) -> QuerySet[Movie]:
        match self.value():
            case "only":
                return queryset.exclude(deleted_at=None)
            case "too":
                return queryset
        return queryset.filter(deleted_at=None)


@admin.register(Movie)
class MovieAdmin(PublicModelAdmin):
    form = MovieForm
    list_display = [
        "cover",
        "title",
        "kind",
        "category",
        "access",
        "status_label",
        "episodes_out",
        "plays",
        "published_at",
    ]
    list_display_links = ["cover", "title"]
    list_filter = [
        ("status", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("access", ChoicesDropdownFilter),
        ("category", RelatedDropdownFilter),
        ("genres", RelatedDropdownFilter),
        DeletedFilter,
    ]
    list_filter_submit = True
    list_select_related = ["category"]
    list_per_page = 50
    search_fields = ["title", "original_title", "aliases", "people__name"]
    autocomplete_fields = ["genres", "languages", "tags"]
    inlines = [EpisodeInline, CreditInline, MaterialInline]
    actions = ["publish_titles", "withdraw_titles", "hide_titles", "restore_titles"]
    readonly_fields = ["plays", "comments_count", "score", "published_at", "state", "episodes_link"]
    date_hierarchy = "published_at"
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("title", "original_title"),
                    ("kind", "category"),
                    "tagline",
                    "summary",
                    "aliases",
                    "episodes_link",
                ]
            },
        ),
        (_("Access"), {"fields": [("access", "preview_seconds"), ("price", "member_price"), "exclusive"]}),
        (
            _("Details"),
            {"fields": ["genres", "tags", ("region", "languages"), ("year", "episodes_planned"), "content"]},
        ),
        (_("Pictures"), {"fields": ["poster", "backdrop"]}),
        (_("Statistics"), {"fields": [("state", "published_at"), ("plays", "comments_count", "score")]}),
    ]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("add-uploads/", view(self.add_uploads), name="movies_movie_add_uploads"),
            path("<int:movie_id>/episodes/", view(episodes_page), name="movies_movie_episodes"),
            *super().get_urls(),
        ]

    def get_inlines(self, request: HttpRequest, obj: Movie | None = None) -> list[Any]:
        """A single episode is edited inline; several have their own editor."""
        many = obj is not None and obj.episodes.count() > 1
        return [inline for inline in self.inlines if not (many and inline is EpisodeInline)]

    @display(description=_("episodes"))
    def episodes_link(self, movie: Movie) -> str:
        if movie.pk is None:
            return "–"
        address = reverse("admin:movies_movie_episodes", args=[movie.pk])
        return format_html('<a href="{}">{}</a>', address, gettext("Edit episodes (%d)") % movie.episodes.count())

    def add_uploads(self, request: HttpRequest) -> HttpResponseBase:
        """Create titles and episodes from uploads, for the upload page: JSON `rows`, or `errors` by field.

        With `preview`, describe what would be created: JSON `places` and `notes`.
        """
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not (self.has_add_permission(request) and self.has_change_permission(request)):
            return JsonResponse(
                {"errors": {"__all__": [gettext("You don't have permission to change titles.")]}}, status=403
            )
        form = AddUploadsForm(request.POST, owner_id=request.user.pk)
        if not form.is_valid():
            return JsonResponse({"errors": form.errors}, status=400)
        if request.POST.get("preview"):
            return JsonResponse(form.preview())
        try:
            episodes = form.save()
        except services.UnableToAddUploads as error:
            return JsonResponse({"errors": {"__all__": [str(error)]}}, status=409)
        except IntegrityError:  # another form created the episode
            return JsonResponse(
                {"errors": {"__all__": [gettext("Someone else is editing this title. Please save again.")]}}, status=409
            )
        uploads = [str(named.upload.pk) for named in form.cleaned_data["uploads"]]
        rows = [
            {
                "upload": upload,
                "text": str(e),
                "url": reverse("admin:movies_movie_change", args=[e.movie_id]),
            }
            for upload, e in zip(uploads, episodes, strict=True)
        ]
        return JsonResponse({"rows": rows})

    def view_on_site(self, movie: Movie) -> str | None:
        """The title's page, if it has an episode and isn't deleted."""
        return movie.get_absolute_url() if movie.deleted_at is None and movie.episodes.exists() else None

    @display(description=_("poster"))
    def cover(self, movie: Movie) -> str:
        if not movie.poster_set:
            return "–"
        address = url(movie.poster_set, movie.poster_set["widths"][0], "jpg")
        return format_html('<img src="{}" alt="{}" width="40" height="60" loading="lazy">', address, movie.title)

    @display(description=_("status"))
    def state(self, movie: Movie) -> str:
        return gettext("deleted") if movie.deleted_at else str(Status(movie.status).label)

    @display(description=_("status"), label=STATUS_LABELS)
    def status_label(self, movie: Movie) -> tuple[str, str]:
        return "deleted" if movie.deleted_at else movie.status, self.state(movie)

    def has_delete_permission(self, request: HttpRequest, obj: Movie | None = None) -> bool:
        return False  # titles are soft-deleted by an action that can be undone

    def has_episodes_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)

    def has_hide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("movies.delete_movie")

    def save_model(self, request: HttpRequest, movie: Movie, form: ModelForm[Any], change: bool) -> None:
        super().save_model(request, movie, form, change)
        if {"poster", "backdrop"} & set(form.changed_data) or not change:
            enqueue("catalogue.make_pictures", movie_id=movie.pk)
        if change and {"access", "preview_seconds"} & set(form.changed_data):
            services.access_changed(movie=movie, was_free=form.initial.get("access") == Access.FREE)

    def save_related(self, request: HttpRequest, form: ModelForm[Any], formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        services.refresh_movie(movie_id=form.instance.pk)

    def save_formset(
        self, request: HttpRequest, form: ModelForm[Any], formset: BaseInlineFormSet[Any, Any, Any], change: bool
    ) -> None:
        super().save_formset(request, form, formset, change)
        if formset.model is not Episode:
            return
        for row in formset.forms:
            file = row.cleaned_data.get("upload") if getattr(row, "cleaned_data", None) else None
            if file and not row.cleaned_data.get("DELETE"):
                attach_later(request, row.instance, file)

    def _say(self, request: HttpRequest, count: int) -> None:
        said = ngettext("%d title updated.", "%d titles updated.", count) % count
        self.message_user(request, said, messages.SUCCESS)

    @action(description=_("Publish"), permissions=["change"])
    def publish_titles(self, request: HttpRequest, movies: QuerySet[Movie]) -> None:
        self._say(request, services.publish(movies=movies))
        if waiting := list(movies.filter(status=Status.WAITING).values_list("title", flat=True)[: NAMED + 1]):
            names = "、".join(waiting[:NAMED]) + ("…" if len(waiting) > NAMED else "")
            text = gettext(
                "These titles have no playable episode yet. They will be published automatically once one is ready: %s"
            )
            self.message_user(request, text % names, messages.WARNING)

    @action(description=_("Unpublish"), permissions=["change"])
    def withdraw_titles(self, request: HttpRequest, movies: QuerySet[Movie]) -> None:
        self._say(request, services.withdraw(movies=movies))

    @action(description=_("Delete (can be restored)"), permissions=["hide"])
    def hide_titles(self, request: HttpRequest, movies: QuerySet[Movie]) -> None:
        self._say(request, services.hide(movies=movies))

    @action(description=_("Restore"), permissions=["hide"])
    def restore_titles(self, request: HttpRequest, movies: QuerySet[Movie]) -> None:
        self._say(request, services.restore(movies=movies))

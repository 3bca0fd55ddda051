"""Titles."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.movies.models import visibility
from apps.movies.models.categories import Category, Genre, Language, Region, Tag
from apps.movies.models.people import Person
from apps.movies.models.visibility import Audience, Release, Status
from utils.pictures import PictureSetField


class Kind(models.TextChoices):
    """The kind of a title; determines how episodes are presented."""

    FILM = "film", _("film")
    SERIES = "series", _("series")
    VARIETY = "variety", _("variety show")
    COURSE = "course", _("course")


class Run(models.TextChoices):
    """Whether more episodes of a title are expected."""

    UPDATING = "updating", _("ongoing")
    COMPLETE = "complete", _("completed")


class Access(models.TextChoices):
    """What a viewer needs to watch the full title."""

    FREE = "free", _("free")
    VIP = "vip", _("VIP")
    PAID = "paid", _("pay per title")


def run_of(kind: str, out: int, planned: int, finished: bool | None) -> Run | None:
    """Whether more episodes are expected: by the schedule if there is one, else by their number. None for a film."""
    if kind == Kind.FILM:
        return None
    ended = out >= planned if finished is None else finished
    return Run.COMPLETE if ended else Run.UPDATING


LISTED_BY = ["published_at", "plays", "plays_day", "plays_week", "plays_month", "score", "comments_count"]
BROWSED_BY = ["plays_week", "published_at", "score"]  # within a category
NOT_ON_CARDS = (
    "summary", "content", "preview_seconds", "price", "member_price", "created_at", "updated_at", "rating_sum",
    "rating_count",
)  # fmt: skip


class MovieQuerySet(models.QuerySet["Movie"]):
    def live(self) -> MovieQuerySet:
        """Titles that aren't soft-deleted."""
        return self.filter(deleted_at=None)

    def published(self) -> MovieQuerySet:
        """Published titles, for statistics. Viewers see those that are `listed` for them."""
        return self.live().filter(status=Status.PUBLISHED)

    def listed(self, audience: Audience) -> MovieQuerySet:
        """Titles that lists, search and the shop show. A published title always has `published_at`."""
        return self.filter(visibility.listed(audience))

    def listed_by_key(self, audience: Audience) -> MovieQuerySet:
        """The same titles, for a query that names their keys: see `visibility.listed_by_key`."""
        return self.filter(visibility.listed_by_key(audience))

    def visible(self, audience: Audience) -> MovieQuerySet:
        """Titles whose pages open."""
        return self.filter(visibility.visible(audience))

    def for_card(self) -> MovieQuerySet:
        """Only the fields that cards, rows and their order need."""
        return self.defer(*NOT_ON_CARDS)


class Movie(Release):
    """A film, a series, a variety show or a course: episodes under one title."""

    kind = models.CharField(_("type"), max_length=8, choices=Kind, default=Kind.FILM)
    category = models.ForeignKey(Category, models.PROTECT, related_name="movies", verbose_name=_("category"))
    title = models.CharField(_("title"), max_length=120, db_index=True)
    original_title = models.CharField(_("original title"), max_length=120, blank=True)
    aliases = models.TextField(_("aliases"), blank=True, help_text=_("One per line."))
    tagline = models.CharField(_("tagline"), max_length=60, blank=True)
    summary = models.TextField(_("summary"), blank=True)
    content = models.TextField(_("rich text"), blank=True, help_text=_("For courses: shown below the lessons (HTML)."))
    genres = models.ManyToManyField(Genre, related_name="movies", blank=True, verbose_name=_("genres"))
    genre_line = models.CharField(max_length=120, blank=True, editable=False)  # genre names for cards, denormalised
    genre_line_en = models.CharField(max_length=120, blank=True, default="", db_default="", editable=False)
    region = models.ForeignKey(
        Region, models.PROTECT, null=True, blank=True, related_name="movies", verbose_name=_("region")
    )
    year = models.PositiveSmallIntegerField(_("year"), null=True, blank=True)
    languages = models.ManyToManyField(Language, related_name="movies", blank=True, verbose_name=_("languages"))
    tags = models.ManyToManyField(Tag, related_name="movies", blank=True, verbose_name=_("tags"))
    people = models.ManyToManyField(Person, through="Credit", related_name="movies", verbose_name=_("people"))
    poster = models.ImageField(_("poster"), upload_to="posters/", blank=True, help_text=_("2:3, at least 600 × 900."))
    poster_set = PictureSetField(default=dict, blank=True, editable=False)
    backdrop = models.ImageField(
        _("backdrop"), upload_to="backdrops/", blank=True, help_text=_("16:9, at least 1280 × 720.")
    )
    backdrop_set = PictureSetField(default=dict, blank=True, editable=False)
    access = models.CharField(_("access"), max_length=4, choices=Access, default=Access.FREE)
    price = models.DecimalField(
        _("price"), max_digits=8, decimal_places=2, default="10.00", validators=[MinValueValidator(0.01)]
    )
    member_price = models.DecimalField(
        _("member price"), max_digits=8, decimal_places=2, default="5.00", validators=[MinValueValidator(0.01)]
    )
    preview_seconds = models.PositiveIntegerField(
        _("preview length"), null=True, blank=True, help_text=_("In seconds. Leave empty for the site's default.")
    )
    exclusive = models.BooleanField(_("exclusive"), default=False)
    episodes_planned = models.PositiveSmallIntegerField(_("total episodes"), default=1)
    episodes_out = models.PositiveSmallIntegerField(_("episodes available"), default=0, editable=False)  # denormalised
    latest_episode = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)  # highest of these
    schedule_finished = models.BooleanField(null=True, editable=False)  # of its schedule; None without one
    # Episode number that the title's URL leads to: the first playable one, if any; denormalised.
    first_episode = models.PositiveSmallIntegerField(default=1, db_default=1, editable=False)
    duration = models.FloatField(default=0, editable=False)  # seconds of that episode, denormalised
    created_at = models.DateTimeField(_("added at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    # Counters: updated by F() expressions and in batches, never by read-modify-write.
    plays = models.PositiveBigIntegerField(_("plays"), default=0, editable=False)
    plays_day = models.PositiveBigIntegerField(default=0, editable=False)
    plays_week = models.PositiveBigIntegerField(default=0, editable=False)
    plays_month = models.PositiveBigIntegerField(default=0, editable=False)
    rank_day_before = models.PositiveIntegerField(null=True, editable=False)  # ranks a day ago, for the trend
    rank_week_before = models.PositiveIntegerField(null=True, editable=False)
    rank_month_before = models.PositiveIntegerField(null=True, editable=False)
    rank_before = models.PositiveIntegerField(null=True, editable=False)  # all-time
    comments_count = models.PositiveIntegerField(_("comments"), default=0, editable=False)
    rating_sum = models.PositiveBigIntegerField(default=0, editable=False)
    rating_count = models.PositiveIntegerField(_("ratings"), default=0, editable=False)
    score = models.DecimalField(_("score"), max_digits=3, decimal_places=1, default=0, editable=False)  # 0: none yet

    objects = MovieQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("catalogue", "title")
        verbose_name_plural = pgettext_lazy("catalogue", "titles")
        indexes = [
            # Every list is also ordered by "-pk": with it in the index, only returned entries are read.
            *(models.Index(fields=["status", f"-{field}", "-id"]) for field in LISTED_BY),
            *(models.Index(fields=["category", "status", f"-{field}", "-id"]) for field in BROWSED_BY),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="published") | Q(published_at__isnull=False), name="movie_published_has_date"
            ),
            models.CheckConstraint(condition=Q(price__gt=0) & Q(member_price__gt=0), name="movie_prices_positive"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def run(self) -> Run | None:
        """Whether more episodes are expected; None for a film."""
        return run_of(self.kind, self.episodes_out, self.episodes_planned, self.schedule_finished)

    def get_absolute_url(self) -> str:
        return reverse("playback:watch", args=[self.pk, self.first_episode])

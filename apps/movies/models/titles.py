"""Titles, people and credits."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.movies.models import visibility
from apps.movies.models.categories import Category, Genre, Region
from apps.movies.models.visibility import Audience, Release, Status
from utils.pictures import PictureSetField
from utils.rows import name_of


class Person(models.Model):
    """A person credited in titles."""

    name = models.CharField(_("name"), max_length=80, db_index=True)
    original_name = models.CharField(_("original name"), max_length=80, blank=True)
    portrait = models.ImageField(_("portrait"), upload_to="people/", blank=True)
    about = models.TextField(_("about"), blank=True)

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")

    def __str__(self) -> str:
        return self.name


class Kind(models.TextChoices):
    """The kind of a title; determines how episodes are presented."""

    FILM = "film", _("film")
    SERIES = "series", _("series")
    VARIETY = "variety", _("variety show")
    COURSE = "course", _("course")


class Access(models.TextChoices):
    """Who may watch the full title."""

    FREE = "free", _("free")
    VIP = "vip", _("VIP")
    PAID = "paid", _("pay per title")


LISTED_BY = ["published_at", "plays", "plays_day", "plays_week", "plays_month", "score", "comments_count"]
BROWSED_BY = ["plays_week", "published_at", "score"]  # within a category


class MovieQuerySet(models.QuerySet["Movie"]):
    def live(self) -> MovieQuerySet:
        """Titles that aren't soft-deleted."""
        return self.filter(deleted_at=None)

    def published(self) -> MovieQuerySet:
        """On the shelf, whoever asks: for figures. Viewers get what is `listed` for them."""
        return self.live().filter(status=Status.PUBLISHED)

    def listed(self, audience: Audience) -> MovieQuerySet:
        """Those that lists, search and the shop show. A published title always has `published_at`."""
        return self.filter(visibility.listed(audience))

    def visible(self, audience: Audience) -> MovieQuerySet:
        """Those whose pages open."""
        return self.filter(visibility.visible(audience))

    def for_card(self) -> MovieQuerySet:
        """Only the fields shown on poster cards."""
        return self.select_related("category").defer("summary", "content")


class Movie(Release):
    """A film, a series, a variety show or a course: episodes under one title."""

    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.FILM)
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
    language = models.CharField(_("language"), max_length=40, blank=True)
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
        verbose_name = _("movie")
        verbose_name_plural = _("movies")
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

    def get_absolute_url(self) -> str:
        return reverse("playback:watch", args=[self.pk, self.first_episode])


class Credit(models.Model):
    """A person's role in a title."""

    class Role(models.TextChoices):
        DIRECTOR = "director", _("director")
        CAST = "cast", _("cast")
        TEACHER = "teacher", _("teacher")
        HOST = "host", _("host")

    movie = models.ForeignKey(Movie, models.CASCADE, related_name="credits", verbose_name=_("movie"))
    person = models.ForeignKey(Person, models.PROTECT, related_name="credits", verbose_name=_("person"))
    role = models.CharField(_("role"), max_length=8, choices=Role)
    character = models.CharField(_("character"), max_length=80, blank=True)
    order = models.PositiveSmallIntegerField(_("sort order"), default=0)

    class Meta:
        verbose_name = _("credit")
        verbose_name_plural = _("credits")
        ordering = ["order", "pk"]
        constraints = [models.UniqueConstraint(fields=["movie", "person", "role"], name="credit_once")]

    def __str__(self) -> str:
        return f"{name_of(self, 'person')} ({self.get_role_display()})"

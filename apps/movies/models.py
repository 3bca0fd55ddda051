"""The catalogue."""

from __future__ import annotations

from datetime import datetime

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.media.models import Video
from utils.pictures import PictureSetField
from utils.templatetags.formats import local_name


class Category(models.Model):
    """A shelf of the shop: 电影, 剧集, 课程 … `slug` is the `<subject>` of `/comedy/<subject>/<page>/`."""

    slug = models.SlugField(_("slug"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=40)
    name_en = models.CharField(_("English name"), max_length=40, blank=True)
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["order", "pk"]

    def __str__(self) -> str:
        return local_name(self)

    def get_absolute_url(self) -> str:
        return reverse("movies:category", args=[self.slug, 1])


class Genre(models.Model):
    name = models.CharField(_("name"), max_length=40, unique=True)
    name_en = models.CharField(_("English name"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("genre")
        verbose_name_plural = _("genres")
        ordering = ["pk"]

    def __str__(self) -> str:
        return local_name(self)


class Region(models.Model):
    name = models.CharField(_("name"), max_length=40, unique=True)
    name_en = models.CharField(_("English name"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("region")
        verbose_name_plural = _("regions")
        ordering = ["pk"]

    def __str__(self) -> str:
        return local_name(self)


class Person(models.Model):
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
    FILM = "film", _("film")
    SERIES = "series", _("series")
    VARIETY = "variety", _("variety show")
    COURSE = "course", _("course")


class Access(models.TextChoices):
    FREE = "free", _("free")
    VIP = "vip", _("VIP")
    PAID = "paid", _("pay per title")


class Status(models.TextChoices):
    DRAFT = "draft", _("draft")
    PUBLISHED = "published", _("published")
    WITHDRAWN = "withdrawn", _("off the shelf")


LISTED_BY = ["published_at", "plays", "plays_day", "plays_week", "plays_month", "score", "comments_count"]
BROWSED_BY = ["plays_week", "published_at", "score"]  # within a category


class MovieQuerySet(models.QuerySet["Movie"]):
    def live(self) -> MovieQuerySet:
        """Not deleted: deleting hides and never destroys."""
        return self.filter(deleted_at=None)

    def published(self) -> MovieQuerySet:
        """What a viewer may see. A published movie always has `published_at`."""
        return self.live().filter(status=Status.PUBLISHED)

    def for_card(self) -> MovieQuerySet:
        """Only what a poster card shows; no query per card."""
        return self.select_related("category").defer("summary", "content")


class Movie(models.Model):
    """A film, a series, a variety show or a course: episodes under one title."""

    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.FILM)
    category = models.ForeignKey(Category, models.PROTECT, related_name="movies", verbose_name=_("category"))
    title = models.CharField(_("title"), max_length=120, db_index=True)
    original_title = models.CharField(_("original title"), max_length=120, blank=True)
    aliases = models.TextField(_("aliases"), blank=True, help_text=_("One a line."))
    tagline = models.CharField(_("tagline"), max_length=60, blank=True)
    summary = models.TextField(_("summary"), blank=True)
    content = models.TextField(_("rich text"), blank=True, help_text=_("For courses: shown below the lessons (HTML)."))
    genres = models.ManyToManyField(Genre, related_name="movies", blank=True, verbose_name=_("genres"))
    genre_line = models.CharField(max_length=120, blank=True, editable=False)  # the card's line, denormalised
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
        _("price for members"), max_digits=8, decimal_places=2, default="5.00", validators=[MinValueValidator(0.01)]
    )
    preview_seconds = models.PositiveIntegerField(
        _("preview length"), null=True, blank=True, help_text=_("Seconds; empty: the site's default.")
    )
    exclusive = models.BooleanField(_("exclusive"), default=False)
    episodes_planned = models.PositiveSmallIntegerField(_("episodes in all"), default=1)
    episodes_out = models.PositiveSmallIntegerField(_("episodes out"), default=0, editable=False)  # denormalised
    duration = models.FloatField(default=0, editable=False)  # seconds of the first episode, denormalised
    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.DRAFT)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    deleted_at = models.DateTimeField(_("deleted at"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("added at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed at"), auto_now=True)

    # Counters: moved by F() updates and batches, never read-modify-write.
    plays = models.PositiveBigIntegerField(_("plays"), default=0, editable=False)
    plays_day = models.PositiveBigIntegerField(default=0, editable=False)
    plays_week = models.PositiveBigIntegerField(default=0, editable=False)
    plays_month = models.PositiveBigIntegerField(default=0, editable=False)
    rank_day_before = models.PositiveIntegerField(null=True, editable=False)  # places a day ago, for the movement
    rank_week_before = models.PositiveIntegerField(null=True, editable=False)
    rank_month_before = models.PositiveIntegerField(null=True, editable=False)
    rank_before = models.PositiveIntegerField(null=True, editable=False)  # of all time
    comments_count = models.PositiveIntegerField(_("comments"), default=0, editable=False)
    rating_sum = models.PositiveBigIntegerField(default=0, editable=False)
    rating_count = models.PositiveIntegerField(_("ratings"), default=0, editable=False)
    score = models.DecimalField(_("score"), max_digits=3, decimal_places=1, default=0, editable=False)  # 0: none yet

    objects = MovieQuerySet.as_manager()

    class Meta:
        verbose_name = _("movie")
        verbose_name_plural = _("movies")
        indexes = [
            # Every list ends with "-pk": with it in the index a database reads no more entries than it returns.
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
        return reverse("playback:watch", args=[self.pk, 1])

    @property
    def is_shown(self) -> bool:
        return self.status == Status.PUBLISHED and self.deleted_at is None


class Credit(models.Model):
    class Role(models.TextChoices):
        DIRECTOR = "director", _("director")
        CAST = "cast", _("cast")
        TEACHER = "teacher", _("teacher")
        HOST = "host", _("host")

    movie = models.ForeignKey(Movie, models.CASCADE, related_name="credits", verbose_name=_("movie"))
    person = models.ForeignKey(Person, models.PROTECT, related_name="credits", verbose_name=_("person"))
    role = models.CharField(_("role"), max_length=8, choices=Role)
    character = models.CharField(_("character"), max_length=80, blank=True)
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        verbose_name = _("credit")
        verbose_name_plural = _("credits")
        ordering = ["order", "pk"]
        constraints = [models.UniqueConstraint(fields=["movie", "person", "role"], name="credit_once")]

    def __str__(self) -> str:
        return f"{self.person} ({self.get_role_display()})"


class EpisodeQuerySet(models.QuerySet["Episode"]):
    def watchable(self) -> EpisodeQuerySet:
        return self.filter(video__state="ready")


class Episode(models.Model):
    """One numbered part of a movie; a film has one. `number` is the `<set_id>` of the watch page."""

    movie = models.ForeignKey(Movie, models.CASCADE, related_name="episodes", verbose_name=_("movie"))
    number = models.PositiveSmallIntegerField(_("number"), default=1, validators=[MinValueValidator(1)])
    title = models.CharField(_("title"), max_length=120, blank=True)
    video = models.ForeignKey(
        Video, models.PROTECT, null=True, blank=True, related_name="episodes", verbose_name=_("video")
    )
    intro_start = models.FloatField(_("intro from"), null=True, blank=True, help_text=_("Seconds."))
    intro_end = models.FloatField(_("intro to"), null=True, blank=True, help_text=_("Seconds."))
    outro_start = models.FloatField(_("outro from"), null=True, blank=True, help_text=_("Seconds."))
    created_at = models.DateTimeField(_("added at"), default=timezone.now)

    objects = EpisodeQuerySet.as_manager()

    class Meta:
        verbose_name = _("episode")
        verbose_name_plural = _("episodes")
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["movie", "number"], name="episode_number_once")]

    def __str__(self) -> str:
        return f"{self.movie} · {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("playback:watch", args=[self.movie_id, self.number])


class Chapter(models.Model):
    episode = models.ForeignKey(Episode, models.CASCADE, related_name="chapters", verbose_name=_("episode"))
    starts_at = models.FloatField(_("from"), help_text=_("Seconds."))
    title = models.CharField(_("title"), max_length=80)

    class Meta:
        verbose_name = _("chapter")
        verbose_name_plural = _("chapters")
        ordering = ["starts_at"]

    def __str__(self) -> str:
        return self.title


class Material(models.Model):
    """A file that goes with a course."""

    movie = models.ForeignKey(Movie, models.CASCADE, related_name="materials", verbose_name=_("movie"))
    title = models.CharField(_("title"), max_length=80)
    file = models.FileField(_("file"), upload_to="materials/")

    class Meta:
        verbose_name = _("material")
        verbose_name_plural = _("materials")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.title


class BannerQuerySet(models.QuerySet["Banner"]):
    def shown(self, at: datetime) -> BannerQuerySet:
        return self.filter(
            Q(ends_at=None) | Q(ends_at__gt=at), starts_at__lte=at, movie__status="published", movie__deleted_at=None
        )


class Banner(models.Model):
    """A title in the home page's carousel, in `[starts_at, ends_at)`."""

    movie = models.ForeignKey(Movie, models.CASCADE, related_name="banners", verbose_name=_("movie"))
    title = models.CharField(_("title"), max_length=60, blank=True, help_text=_("Empty: the movie's."))
    text = models.CharField(_("text"), max_length=120, blank=True)
    picture = models.ImageField(
        _("picture"), upload_to="banners/", blank=True, help_text=_("Empty: the movie's backdrop.")
    )
    picture_set = PictureSetField(default=dict, blank=True, editable=False)
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    starts_at = models.DateTimeField(_("shown from"), default=timezone.now)
    ends_at = models.DateTimeField(_("shown until"), null=True, blank=True)

    objects = BannerQuerySet.as_manager()

    class Meta:
        verbose_name = _("banner")
        verbose_name_plural = _("banners")
        ordering = ["order", "pk"]

    def __str__(self) -> str:
        return self.title or str(self.movie)


class PlayDay(models.Model):
    """Plays of one movie on one day of the site's calendar: what the rankings are summed from."""

    movie = models.ForeignKey(Movie, models.CASCADE, related_name="play_days")
    day = models.DateField(db_index=True)
    plays = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["movie", "day"], name="play_day_once")]


class PlayBatch(models.Model):
    """A batch of plays that is in the database: written in the same transaction, so that it counts once."""

    name = models.CharField(max_length=60, unique=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

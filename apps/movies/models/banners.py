"""The home page's carousel."""

from __future__ import annotations

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.movies.models.titles import Movie
from apps.movies.models.visibility import Audience
from utils.periods import check_order
from utils.pictures import PictureSetField
from utils.rows import name_of


class BannerQuerySet(models.QuerySet["Banner"]):
    def shown(self, audience: Audience) -> BannerQuerySet:
        """Banners scheduled for this moment whose titles are listed. A subquery, so that no planner begins with the
        titles."""
        at = audience.at
        titles = Movie.objects.listed(audience).filter(pk=OuterRef("movie_id"))
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=at), Exists(titles), starts_at__lte=at)


class Banner(models.Model):
    """A title in the home page's carousel, in `[starts_at, ends_at)`."""

    movie = models.ForeignKey(
        Movie, models.CASCADE, related_name="banners", verbose_name=pgettext_lazy("catalogue", "title")
    )
    title = models.CharField(_("title"), max_length=60, blank=True, help_text=_("Leave empty to use the title's own."))
    text = models.CharField(_("text"), max_length=120, blank=True)
    picture = models.ImageField(
        _("image"), upload_to="banners/", blank=True, help_text=_("Leave empty to use the title's backdrop.")
    )
    picture_set = PictureSetField(default=dict, blank=True, editable=False)
    order = models.PositiveSmallIntegerField(_("sort order"), default=0)
    starts_at = models.DateTimeField(_("shown from"), default=timezone.now)
    ends_at = models.DateTimeField(_("shown until"), null=True, blank=True)

    objects = BannerQuerySet.as_manager()

    class Meta:
        verbose_name = _("banner")
        verbose_name_plural = _("banners")
        ordering = ["order", "pk"]

    def __str__(self) -> str:
        return self.title or name_of(self, "movie")

    def clean(self) -> None:
        check_order(starts_at=self.starts_at, ends_at=self.ends_at)

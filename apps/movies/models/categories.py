"""Categories, and the labels of titles: genres, regions, languages, tags."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from utils.templatetags.formats import local_name

EVERYTHING = "all"  # reserved slug for all categories


class Category(models.Model):
    """A top-level category: 电影, 剧集, 课程 … `slug` is the `<subject>` of `/comedy/<subject>/<page>/`."""

    slug = models.SlugField(_("slug"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=40)
    name_en = models.CharField(_("English name"), max_length=40, blank=True)
    order = models.PositiveSmallIntegerField(_("sort order"), default=0)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["order", "pk"]

    def __str__(self) -> str:
        return local_name(self)

    def get_absolute_url(self) -> str:
        return reverse("movies:category", args=[self.slug, 1])

    def clean(self) -> None:
        if self.slug == EVERYTHING:
            raise ValidationError(
                {"slug": _("“%s” is reserved for the page of all titles. Choose another.") % EVERYTHING}
            )


class Label(models.Model):
    """A bilingual label of titles."""

    name = models.CharField(_("name"), max_length=40, unique=True)
    name_en = models.CharField(_("English name"), max_length=40, blank=True)

    class Meta:
        abstract = True
        ordering = ["pk"]

    def __str__(self) -> str:
        return local_name(self)


class Genre(Label):
    """A genre, such as comedy or documentary. A title has any number of them, and each has a page."""

    slug = models.SlugField(
        _("slug"),
        max_length=40,
        unique=True,
        null=True,
        blank=True,
        validators=[RegexValidator(r"^\d+$", _("Use at least one letter."), inverse_match=True)],
        help_text=_("Part of the page's address, such as “comedy”. Leave empty to use a number."),
    )
    about = models.TextField(_("introduction"), blank=True, help_text=_("Shown on the genre's page."))
    about_en = models.TextField(_("English introduction"), blank=True)

    class Meta(Label.Meta):
        verbose_name = _("genre")
        verbose_name_plural = _("genres")

    def get_absolute_url(self) -> str:
        return reverse("movies:genre", args=[self.slug or self.pk])


class Region(Label):
    """The region where a title was produced."""

    class Meta(Label.Meta):
        verbose_name = _("region")
        verbose_name_plural = _("regions")


class Language(Label):
    """A language that is spoken in a title. A title has any number of them."""

    class Meta(Label.Meta):
        verbose_name = _("language")
        verbose_name_plural = _("languages")


class Tag(Label):
    """A free keyword of titles, such as “time travel”, beside the few genres."""

    class Meta(Label.Meta):
        verbose_name = _("tag")
        verbose_name_plural = _("tags")

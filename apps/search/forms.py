"""Forms of hot searches and banned words."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.search import services
from apps.search.models import BannedWord, HotSearch
from utils.admin_forms import AdminModelForm


class _TextForm(AdminModelForm):
    """A text that is unique in all its spellings."""

    def clean_text(self) -> str:
        text = services.plain(self.cleaned_data["text"])
        key = services.folded(text)
        if not key:
            raise ValidationError(_("Enter letters or digits."))
        other = self._meta.model._default_manager.filter(folded=key).exclude(pk=self.instance.pk).first()
        if other:
            raise ValidationError(_("“%s” is already in the list.") % other)
        self.instance.folded = key
        return text


class HotSearchForm(_TextForm):
    class Meta:
        model = HotSearch
        fields = ["text", "place"]

    def clean_text(self) -> str:
        text = super().clean_text()
        if word := services.hot.banned_word_in(text=text):
            raise ValidationError(_("This contains the banned word “%s”.") % word)
        return text


class BannedWordForm(_TextForm):
    class Meta:
        model = BannedWord
        fields = ["text"]

"""A page's forms with what a browser would send of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any


@dataclass
class PageForm:
    """A form: `fields` are its names with the values that it would send as it stands."""

    id: str = ""
    action: str = ""
    method: str = "get"
    fields: dict[str, list[str]] = field(default_factory=dict)
    typed: set[str] = field(default_factory=set)  # the names that somebody types or chooses
    files: set[str] = field(default_factory=set)

    def sent(self, **changes: object) -> dict[str, object]:
        """What is posted, with these values instead."""
        return {**self.fields, **changes}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[PageForm] = []
        self.open: PageForm | None = None
        self.by_id: dict[str, PageForm] = {}
        self.area = self.select = ""
        self.text: list[str] = []
        self.options: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.open = PageForm(given.get("id", ""), given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self.open)
            self.by_id[self.open.id] = self.open
        form = self.by_id.get(given["form"]) if "form" in given else self.open
        name = given.get("name", "")
        if tag == "option":
            self.options.append((given.get("value", ""), "selected" in given))
        if form is None or not name or "disabled" in given:
            return
        if tag == "input":
            self._input(form, name, given)
        elif tag == "textarea":
            self.area, self.text = name, []
            form.typed.add(name)
        elif tag == "select":
            self.select, self.options = name, []
            form.typed.add(name)

    def _input(self, form: PageForm, name: str, given: dict[str, str]) -> None:
        kind = given.get("type", "text")
        if kind == "file":
            form.files.add(name)
        elif kind not in {"submit", "button", "image", "reset"}:
            if kind != "hidden":
                form.typed.add(name)
            if kind not in {"checkbox", "radio"} or "checked" in given:
                form.fields.setdefault(name, []).append(given.get("value", "on" if kind == "checkbox" else ""))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open = None
        elif tag == "textarea" and self.area and self.open:
            self.open.fields[self.area] = ["".join(self.text).removeprefix("\n")]
            self.area = ""
        elif tag == "select" and self.select and self.open:
            self.open.fields[self.select] = [value for value, chosen in self.options if chosen]
            self.select = ""


def forms_of(html: str) -> list[PageForm]:
    """The forms of a page, in its order."""
    reader = _Reader()
    reader.feed(html)
    return reader.forms


def errors_of(page: Any) -> dict[str, list[str]]:
    """What a page of the administration, rendered or not, says is wrong, by the names of its fields."""
    said: dict[str, list[str]] = {}
    context = getattr(page, "context", None) or page.context_data
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

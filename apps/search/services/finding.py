"""Search for titles by name, alias or person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from apps.movies.models import Audience, Credit, Movie, Person, listed_by_key
from apps.search.services.marking import has_hit, marked
from apps.search.services.matching import Matches, match, nearest
from apps.search.services.narrowing import Narrowed, narrow
from apps.search.services.texts import folded, plain

MOST = 1000  # best matches that are narrowed, sorted and counted
PEOPLE = 6
CREDITED = 24  # titles whose people are compared with the text
SPARE = 4  # more than wanted are looked for: the index may still have titles that aren't listed any more


def find(*, text: str, audience: Audience, most: int) -> list[Movie]:
    """The `most` best listed titles for `text`, or for what it probably means; one query beside the index's."""
    return shown(found=match(text=plain(text), most=most + SPARE), audience=audience, most=most)


def shown(*, found: Matches, audience: Audience, most: int) -> list[Movie]:
    """The `most` best of the found titles that are listed; one query."""
    ids = found.ids[: most + SPARE]
    movies = Movie.objects.listed_by_key(audience).for_card().in_bulk(ids)
    return [movies[pk] for pk in ids if pk in movies][:most]


def finds(*, text: str, audience: Audience) -> bool:
    """Whether `find` finds anything."""
    return bool(find(text=text, audience=audience, most=1))


def near(*, text: str, audience: Audience, most: int) -> list[Movie]:
    """Listed titles whose names share much with `text`, where it finds nothing; one query beside the index's."""
    return shown(found=Matches(nearest(text=plain(text), most=most + SPARE)), audience=audience, most=most)


def search(*, text: str, audience: Audience, chosen: Mapping[str, str], sort: str, exact: bool = False) -> Narrowed:
    """The best MOST titles for `text`, or for what it probably means unless `exact`, narrowed and sorted."""
    text = plain(text)
    found = match(text=text, most=MOST, exact=exact)
    narrowed = narrow(ids=found.ids, audience=audience, chosen=chosen, sort=sort)
    meant = ""
    if found.meant:  # the name of a title that is listed now: the index may still know others
        meant = Movie.objects.filter(pk__in=narrowed.found[:1]).values_list("title", flat=True).first() or ""
    return replace(narrowed, meant=meant, words=found.meant or text, by_people=found.by_people)


def people(*, text: str, among: Sequence[int], audience: Audience) -> list[Person]:
    """People by that name who are credited in listed titles of `among`; a query of names, and one of these people."""
    text = plain(text)
    words = [folded(word) for word in dict.fromkeys((text, *text.split()))]
    credits = Credit.objects.filter(listed_by_key(audience, "movie__"), movie__in=among[:CREDITED])
    rows = set(credits.order_by().values_list("person_id", "person__name", "person__original_name"))
    called = {pk for pk, *names in rows if any(_is_called(name, text, words) for name in names if name)}
    found = Person.objects.in_bulk(called) if called else {}
    return sorted(found.values(), key=lambda one: (*_closeness(one, folded(text)), one.pk))[:PEOPLE]


def _is_called(name: str, text: str, words: Sequence[str]) -> bool:
    """Whether the name holds one of the words, of which the text is the first; letters may be its sound."""
    known = folded(name)
    return any(word in known for word in words if word) or (
        any(c.isascii() for c in words[0]) and has_hit(marked(name, text))
    )


def _closeness(person: Person, key: str) -> tuple[bool, bool]:
    names = [folded(name) for name in (person.name, person.original_name) if name]
    return key not in names, not any(name.startswith(key) for name in names)

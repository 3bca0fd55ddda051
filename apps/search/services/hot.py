"""Hot searches: counted in Redis, once per viewer and day, and added to the database in batches.

Counting is optional: without Redis search works as usual, and searches aren't counted. Memory is bounded: one Bloom
filter per day records which viewer has searched for which text, and at most KEPT texts are ranked.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from contextlib import suppress
from datetime import datetime
from math import log2
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django_redis import get_redis_connection
from redis.exceptions import RedisError

from apps.movies.models import Audience
from apps.search.models import BannedWord, HotSearch
from apps.search.models.searches import weight_at
from apps.search.services.finding import finds
from apps.search.services.texts import folded, plain
from utils import ratelimit
from utils.addresses import client_network

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from apps.users.models import User

SHOWN = 10
CHECKED = 3 * SHOWN  # of the hottest texts, whether they still find something
KEPT = 2000  # texts
WAITING = 5000  # texts between two flushes; further new ones aren't counted
PER_ADDRESS = 60  # different searches of one network that count per day
DAY = 86_400  # seconds

# A Bloom filter of 2**25 bits (4 MB) and four hashes: at a million viewers and texts a day one in 6,000 is taken for a
# repetition, at five million one in 25, for every text alike.
BITS, HASHES = 25, 4
_COUNTED = "search:counted"
_COUNT = """
local fresh = true
for start = 3, #ARGV, 4 do
  local seen = 0
  for i = start, start + 3 do seen = seen + redis.call('SETBIT', KEYS[1], ARGV[i], 1) end
  if seen == 4 then fresh = false end
end
redis.call('EXPIRE', KEYS[1], 172800)
if not fresh then return 0 end
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 0 and redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[2]) then return 0 end
redis.call('HINCRBY', KEYS[2], ARGV[1], 1)
return 1
"""


def count(*, text: str, viewer: User | AnonymousUser, address: str, at: datetime) -> bool:
    """Count a search that found something, once per account, network and day; returns whether it counts.

    `address` is the client's. Only keyed hashes of the viewer are kept, for two days.
    """
    text = plain(text)
    key, network = folded(text), client_network(address)
    if not key or ratelimit.take([ratelimit.Limit(f"hot:{network}", PER_ADDRESS, DAY)]):
        return False
    day = timezone.localdate(at).isoformat()
    viewers = [network, *([f"account:{viewer.pk}"] if viewer.is_authenticated else [])]
    bits = [bit for one in viewers for bit in _bits(f"{day}\n{one}\n{key}")]
    with suppress(RedisError):
        redis = get_redis_connection("default")
        return bool(redis.eval(_COUNT, 2, f"search:seen:{day}", _COUNTED, text, WAITING, *bits))
    return False


def _bits(value: str) -> list[int]:
    digest = salted_hmac("apps.search.hot", value, algorithm="sha256").digest()
    return [int.from_bytes(digest[4 * n : 4 * n + 4]) >> (32 - BITS) for n in range(HASHES)]


def flush(*, at: datetime) -> int:
    """Add the counted searches to the hot searches; returns how many were counted.

    They leave Redis first: a run that dies loses some counts, and counts none twice.
    """
    with get_redis_connection("default").pipeline(transaction=True) as pipe:
        pipe.hgetall(_COUNTED)
        pipe.delete(_COUNTED)
        found, _ = pipe.execute()
    spellings: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for text, n in found.items():
        spellings[folded(text.decode())][text.decode()] += int(n)
    with transaction.atomic():
        _add(spellings, at)
        _trim()
    _check(at)
    return sum(n.total() for n in spellings.values())


def _add(spellings: dict[str, Counter[str]], at: datetime) -> None:
    rows = {row.folded: row for row in HotSearch.objects.select_for_update().filter(folded__in=spellings)}
    banned = _banned_words()
    added, changed = [], []
    for key, texts in spellings.items():
        heat = weight_at(at) + log2(texts.total())
        if row := rows.get(key):
            row.heat = _log_sum(row.heat, heat)
            changed.append(row)
        else:
            text = texts.most_common(1)[0][0]
            added.append(HotSearch(folded=key, text=text, heat=heat, banned=_contains(key, banned)))
    HotSearch.objects.bulk_update(changed, ["heat"], batch_size=200)
    HotSearch.objects.bulk_create(added, batch_size=200, ignore_conflicts=True)


def _log_sum(a: float, b: float) -> float:
    """log2(2**a + 2**b), for any size of both."""
    low, high = sorted((a, b))
    return high + log2(1 + 2.0 ** (low - high))


def _trim() -> None:
    """Drop the coldest texts beyond KEPT; pinned ones stay."""
    ranked = HotSearch.objects.filter(place=None).order_by("-heat", "-pk")
    if last := ranked.values_list("heat", "pk")[KEPT - 1 : KEPT].first():
        HotSearch.objects.filter(Q(heat__lt=last[0]) | Q(heat=last[0], pk__lt=last[1]), place=None).delete()


def _check(at: datetime) -> None:
    """Hide hot texts that find nothing any more, and show those that do again."""
    public = Audience.public(at)
    for row in HotSearch.objects.filter(place=None, banned=False).order_by("-heat")[:CHECKED]:
        if (now := finds(text=row.text, audience=public)) != row.finds:
            HotSearch.objects.filter(pk=row.pk).update(finds=now)


def shown(*, at: datetime, limit: int = SHOWN) -> list[HotSearch]:
    """The hot searches that viewers see."""
    return list(HotSearch.objects.shown(at)[:limit])


def refresh_bans() -> None:
    """Apply the banned words to all hot searches, after a change of either."""
    banned = _banned_words()
    changed = []
    for row in HotSearch.objects.all():
        if row.banned != (now := _contains(row.folded, banned)):
            row.banned = now
            changed.append(row)
    HotSearch.objects.bulk_update(changed, ["banned"], batch_size=200)


def ban(*, texts: list[str]) -> int:
    """Ban these texts, and whatever contains them; returns how many weren't banned before."""
    words = {folded(text): plain(text) for text in texts}
    words.pop("", None)
    known = BannedWord.objects.filter(folded__in=words).count()
    BannedWord.objects.bulk_create(
        [BannedWord(folded=key, text=text) for key, text in words.items()], ignore_conflicts=True
    )
    refresh_bans()
    return len(words) - known


def banned_word_in(*, text: str) -> BannedWord | None:
    """A banned word that the text contains, in whatever spelling."""
    key = folded(text)
    return next((word for word in BannedWord.objects.all() if word.folded in key), None)


def _banned_words() -> list[str]:
    return list(BannedWord.objects.values_list("folded", flat=True))


def _contains(key: str, words: list[str]) -> bool:
    return any(word in key for word in words)

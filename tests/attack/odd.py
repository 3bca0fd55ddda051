"""Requests that no browser makes, to every address: bytes as an attacker would write them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from urllib.parse import quote

TOKEN = "a" * 32  # in the cookie and in the form: the forms are read, not refused at the door
VALUES = [
    "", " ", "0", "-1", "1", "2", "9" * 19, "9" * 30, "9" * 5000, "9223372036854775807", "9223372036854775808",
    "-9223372036854775809", "2147483648", "1e999", "NaN", "Infinity", "-0", "1.5", "0x1f", "1_000", "١٢٣", "²",
    "½", "①", "\0", "a\0b", "\r\nX-Evil: 1", "\ud800", "\U000e0001", "🎬" * 300, "𠮷", "\u202e", "\u200b",
    "ﷺ" * 100, "'", '"', "\\", "%", "%00", "%ff", "%s%n", "{{7*7}}", "<script>alert(1)</script>",
    "../../etc/passwd", "..%2f..%2f", "//evil.example", "https://evil.example", "javascript:alert(1)", "null",
    "undefined", "[]", "{}", "[" * 2000, "0001-01-01", "9999-12-31", "99999-01-01", "2026-02-30",
    "2026-13-01T25:61:61Z", "0000-00-00", "1,2,3", "1,x", ",", "a" * 300, "a" * 70_000, "true", "on", "id",
    "-pk", "1.-2.3", "__all__", "password", "user__password",
]  # fmt: skip
NAMES = [
    "q", "page", "p", "o", "all", "e", "s", "extended", "next", "token", "st", "ts", "t", "from", "sort",
    "year", "region", "genre", "category", "kind", "type", "id", "pk", "number", "season", "start", "end",
    "date", "coupon", "plan", "movie", "episode", "amount", "order", "out_trade_no", "trade_no", "total_amount",
    "sign", "sign_type", "app_id", "username", "password", "password1", "password2", "email", "phone", "code",
    "nickname", "text", "parent", "position", "duration", "device", "language", "action", "_selected_action",
    "select_across", "index", "_popup", "_to_field", "_save", "_changelist_filters", "post", "title", "slug",
    "name", "status", "state", "value", "valid_from_0", "valid_from_1", "id__exact", "id__in", "pk__gte",
    "status__exact", "state__exact", "created_at__gte", "created_at__year", "created_at__day",
    "user__id__exact", "password__startswith", "category__id__exact", "app_label", "model_name", "field_name",
    "term", "form", "form-TOTAL_FORMS", "form-INITIAL_FORMS", "form-0-id", "credits-TOTAL_FORMS",
    "credits-INITIAL_FORMS", "materials-TOTAL_FORMS", "materials-INITIAL_FORMS", "upload", "size", "sha256",
    "filename", "content", "numbers", "titles", "files", "seconds", "period", "_", "__proto__",
]  # fmt: skip
METHODS = (
    ["GET"] * 8 + ["POST"] * 8 + ["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get", "X" * 20]
)
KINDS = [
    "application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=x", "multipart/form-data",
    "multipart/form-data; boundary=" + "x" * 300, "text/xml", "text/plain; charset=utf-16",
    "application/json; charset=no",
    "application/x-www-form-urlencoded; charset=utf-7", "application/offset+octet-stream", "\xff", "",
]  # fmt: skip
JSON = [
    b"[" * 5000, b'{"a":' * 3000, b"{", b"null", b"\xff\xfe\0", b'{"position": 1e400, "duration": "x"}',
    b'{"position": %(n)d, "duration": %(n)d, "number": %(n)d}' % {b"n": 10**19}, b'{"position": -1, "duration": 0}',
    b'{"position": true, "duration": [1]}',
]  # fmt: skip
HEADERS = {
    "Range": [
        "bytes=0-", "bytes=9-1", "bytes=-5", "bytes=0-0,1-1,2-2", "bytes=" + "0-," * 200, "bytes=" + "9" * 40 + "-",
        "x=1",
    ],
    "If-Range": ['"x"', "W/\"1\"", "yesterday"],
    "If-None-Match": ["*", '"' * 99, "W/" * 50],
    "If-Modified-Since": ["yesterday", "Thu, 01 Jan 0000 00:00:00 GMT", "Fri, 31 Dec 99999 23:59:59 GMT"],
    "If-Match": ["*", "x"],
    "Accept": ["*/*;q=NaN", "a" * 500, "/", "application/json"],
    "Accept-Language": ["xx;q=NaN", "*" * 500, "zh-" * 100, "en;q=9" + "9" * 50, "\xe4\xb8\xad"],
    "Accept-Encoding": ["gzip;q=x", "br, " * 100],
    "X-Forwarded-For": ["1.2.3.4", "::1, x", "999.1.1.1", "127.0.0.1, " * 50, "\xff"],
    "X-Forwarded-Host": ["evil.example"],
    "X-Forwarded-Proto": ["https", "gopher"],
    "X-Requested-With": ["XMLHttpRequest"],
    "HX-Request": ["true"],
    "X-HTTP-Method-Override": ["PATCH", "DELETE", "\xff"],
    "Referer": ["//", "http://[", "\xff"],
    "Origin": ["null", "http://[", "http://evil.example"],
    "User-Agent": ["", "a" * 4000, "MicroMessenger \xff"],
    "Authorization": ["Basic x", "Bearer " + "x" * 3000],
    "Tus-Resumable": ["1.0.0"],
    "Upload-Length": ["-1", "9" * 30, "x"],
    "Upload-Offset": ["-1", "9" * 30, "x"],
    "Upload-Metadata": ["filename", "filename !", "a b,c d,e", "filename " + "A" * 5000],
    "Upload-Checksum": ["md5 x", "sha1 !", "x"],
}  # fmt: skip
# by role, the permissions that it has: prefixes of "<app>.<codename>"
STAFF = {
    "viewing staff": ("movies.view_", "media.view_", "orders.view_", "wallet.view_", "users.view_", "community.view_",
                      "notices.view_"),
    "curator": ("movies.", "media.", "notices."),
    "cashier": ("orders.", "wallet."),
    "moderator": ("users.", "community."),
    "nothing": (),
}  # fmt: skip
ROLES = ["stranger", "user", "member", *STAFF, "superuser"]
COOKIES = ["sessionid=x", "sessionid=" + "x" * 5000, "=", ";;;", "a=\xff", "django_language=\xff"]
HOSTS = ["evil.example", "127.0.0.1:99999", "[::1", "a" * 300, "127.0.0.1\t", "localhost@evil", "", "127.0.0.1:x"]


def requests(addresses: list[str], *, many: int, seed: int, host: str, sessions: Sequence[str] = ()) -> Iterator[bytes]:
    """Whole requests, as they are sent, each with the cookie of one of the `sessions`: some sign out.

    The same seed gives the same.
    """
    chance = random.Random(seed)
    turns = chance.sample(addresses, len(addresses))
    for number in range(many):
        method = chance.choice(METHODS)
        target = _target(chance, turns[number % len(turns)])
        kind, body = _body(chance) if method not in {"GET", "HEAD", "TRACE"} or chance.random() < 0.05 else ("", b"")
        lines = [f"Host: {chance.choice(HOSTS) if chance.random() < 0.03 else host}"]
        cookies = [sessions[number % len(sessions)]] if sessions else []
        cookies.append(f"csrftoken={TOKEN}")
        if chance.random() < 0.1:
            cookies.append(
                chance.choice(["sessionid=x", "sessionid=" + "x" * 5000, "=", ";;;", "a=\xff", "django_language=\xff"])
            )
        lines.append("Cookie: " + "; ".join(cookies))
        for name in chance.sample(sorted(HEADERS), chance.randrange(4)):
            lines.append(f"{name}: {chance.choice(HEADERS[name])}")
        if kind:
            lines.append(f"Content-Type: {kind}")
        if body or method == "POST":
            lines.append(f"Content-Length: {len(body)}")
        head = "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "Connection: close", "", ""])
        yield head.encode("latin-1", "replace") + body


def _target(chance: random.Random, address: str) -> str:
    if chance.random() < 0.4:
        parts = address.split("/")
        value = chance.choice(VALUES)
        parts[chance.randrange(len(parts))] = value if chance.random() < 0.3 else _quoted(value)
        address = "/" + "/".join(parts).lstrip("/")
    if chance.random() < 0.05:
        address = chance.choice(["/", "//", "/./", "/%2e%2e/", "/\\"]) + address
    if chance.random() < 0.6:
        pairs = [f"{chance.choice(NAMES)}={_quoted(chance.choice(VALUES))}" for _ in range(chance.randrange(1, 5))]
        pairs += chance.choice([[], pairs[:1], ["%", "&&=;"], ["page=" + "9" * 20, "p=" + "9" * 20]])
        address += "?" + "&".join(pairs)
    written = "".join(c if "!" <= c < "\x7f" else _quoted(c) for c in address)
    return written if chance.random() < 0.1 else written[:8000]


def _quoted(value: str) -> str:
    return quote(value.encode("utf-8", "surrogatepass"), safe="")


def _body(chance: random.Random) -> tuple[str, bytes]:
    names = chance.sample(NAMES, chance.randrange(1, 12))
    values = [chance.choice(VALUES)[:9000] for _ in names]
    match chance.randrange(6):
        case 0 | 1 | 2:
            text = "&".join(f"{n}={_quoted(v)}" for n, v in zip(names, values, strict=True))
            return KINDS[
                0
            ], f"csrfmiddlewaretoken={TOKEN}&{text}{chance.choice(['', '&%ff=%fe', '&a=' * 1200])}".encode()
        case 3:
            text = f'--x\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n{TOKEN}\r\n'
            for name, value in zip(names, values, strict=True):
                file = chance.choice(["", "; filename=a.srt"])
                text += f'--x\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n{value}\r\n'
            text += chance.choice(["--x--\r\n", "", "--x", "--x\r\nContent-Disposition: x"])
            return KINDS[2], text.encode("utf-8", "replace")
        case 4:
            return KINDS[1], chance.choice(JSON)
        case _:
            return chance.choice(KINDS), chance.choice(VALUES).encode("utf-8", "replace")[:60_000]

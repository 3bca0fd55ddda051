"""Media addresses and byte ranges against answers that were made elsewhere: by openssl, and by RFC 9110.

Tokens were computed on a command line, as nginx's documentation of secure_link does it:

    printf '%s' "$path$secret$ts" | openssl md5 -binary | openssl base64 | tr '+/' '-_' | tr -d '='

and the name of a secret by `printf '%s' "streamsite.media:$secret" | openssl dgst -sha256`, first eight digits.
"""

from __future__ import annotations

import io
import itertools

import pytest
from django.core.management import call_command

from apps.media.models import Rendition
from apps.media.services.publishing.previews import preview_end, set_preview
from tests.factories import make_video
from utils.ranges import MultipartRanges, RangeNotSatisfiable, byte_ranges, describe_pieces, read_pieces
from utils.signing import Verdict, sign, verify
from utils.storages import videos

SECRET = "streamsite-known-answer-secret-0123456789"
TS = "1893456000"  # 2030-01-01 00:00 UTC
FILM = "/v/full/7/720p.mp4"
FILM_TOKEN = "RK4ao0cohstdIF1T2SGtzg"
NOTES = "/v/materials/讲义.pdf"
NOTES_TOKEN = "ie2WK4HdhppSVuwWz65D9w"
NAME = "28adbe2b"  # of the secret

# The secret that is derived from SECRET_KEY: HMAC-SHA-1 of "nginx" under SHA-1 of "utils.signing.media" and the key.
SITE_KEY = "a-site-key-for-known-answers-0123456789-abcdefghij"
DERIVED_ST = "e3985039.KhKqzDcvws3BEy9qwxAXJg"


@pytest.fixture
def _known_secret(settings):
    settings.MEDIA_SECRET, settings.MEDIA_SECRET_FALLBACKS = SECRET, []


@pytest.mark.usefixtures("_known_secret")
def test_an_address_is_signed_as_openssl_signs_it():
    assert sign(FILM, expires_at=int(TS)) == f"{FILM}?st={NAME}.{FILM_TOKEN}&ts={TS}"
    assert sign(NOTES, expires_at=int(TS)) == f"/v/materials/%E8%AE%B2%E4%B9%89.pdf?st={NAME}.{NOTES_TOKEN}&ts={TS}"


@pytest.mark.usefixtures("_known_secret")
@pytest.mark.parametrize(("path", "token"), [(FILM, FILM_TOKEN), (NOTES, NOTES_TOKEN)])
@pytest.mark.parametrize("named", [True, False])
def test_a_token_that_openssl_made_is_good_until_its_second(path, token, named):
    st = f"{NAME}.{token}" if named else token  # unnamed: signed before secrets had names
    assert verify(path, st, TS, now=int(TS) - 0.001) is Verdict.VALID
    assert verify(path, st, TS, now=int(TS)) is Verdict.EXPIRED


@pytest.mark.usefixtures("_known_secret")
@pytest.mark.parametrize(
    ("st", "ts"),
    [
        (f"{NAME}.{NOTES_TOKEN}", TS),  # another file's
        (f"{NAME}.{FILM_TOKEN}", "1893456001"),  # a second longer
        (f"{NAME}.{FILM_TOKEN}", f"0{TS}"),
        (f"{NAME}.{FILM_TOKEN}", f"{TS} "),
        (f"{NAME}.{FILM_TOKEN}", "１893456000"),
        (f"{NAME}.{FILM_TOKEN}=", TS),
        (f"{NAME}.{FILM_TOKEN}==", TS),
        (f"{NAME}.{FILM_TOKEN[:-1]}h", TS),  # the same 16 bytes, spelled otherwise
        (f"{NAME}.{FILM_TOKEN.lower()}", TS),
        (f"00000000.{FILM_TOKEN}", TS),  # a secret of that name isn't known
        (f".{FILM_TOKEN}", TS),
        (f"{NAME}.0gGXByXX7nEUZPrkA0bNIA", f"{TS} "),  # signed by the secret, for what nginx reads as no time
        (f"{NAME}.xGaxgIti4CCxOocxgOEB6w", "１893456000"),
        (f"{NAME}.rJKnXI-q-ftldD2NOF1FzA", f"+{TS}"),
        ("", TS),
    ],
)
def test_what_openssl_did_not_make_is_forged(st, ts):
    assert verify(FILM, st, ts, now=0) is Verdict.FORGED


def test_the_secret_follows_from_the_sites_key(settings):
    settings.MEDIA_SECRET, settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "", SITE_KEY, []
    assert sign(FILM, expires_at=int(TS)) == f"{FILM}?st={DERIVED_ST}&ts={TS}"
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [SITE_KEY]
    assert verify(FILM, DERIVED_ST, TS, now=0) is Verdict.VALID
    settings.SECRET_KEY_FALLBACKS = []
    assert verify(FILM, DERIVED_ST, TS, now=0) is Verdict.FORGED


@pytest.mark.usefixtures("_known_secret")
def test_nginx_is_told_to_check_the_same():
    printed = io.StringIO()
    call_command("nginx_config", node=["127.0.0.1:1"], stdout=printed)
    text = printed.getvalue()
    assert f'default "{SECRET}";' in text
    for line in (
        "secure_link $streamsite_token,$arg_ts;",
        'secure_link_md5 "${uri}${streamsite_secret}${arg_ts}";',
        'if ($streamsite_link = "") { return 403; }',
        'if ($streamsite_link = "0") { return 410; }',
    ):
        assert text.count(line) == 2, line  # of films, of material


@pytest.mark.parametrize(
    ("header", "ranges"),
    [  # RFC 9110 §14.1.2, of a file of 10,000 bytes
        ("bytes=0-499", [(0, 499)]),
        ("bytes=500-999", [(500, 999)]),
        ("bytes=-500", [(9500, 9999)]),
        ("bytes=9500-", [(9500, 9999)]),
        ("bytes=0-0,-1", [(0, 0), (9999, 9999)]),
        ("bytes= 0-999, 4500-5499, -1000", [(0, 999), (4500, 5499), (9000, 9999)]),
        ("bytes=500-600,601-999", [(500, 600), (601, 999)]),
        ("BYTES=9999-9999", [(9999, 9999)]),
        ("bytes=9999-20000", [(9999, 9999)]),
        ("bytes=-20000", [(0, 9999)]),
        ("bytes=" + ",".join(f"{n}-{n}" for n in range(16)), [(n, n) for n in range(16)]),
        ("bytes=" + ",".join(f"{n}-{n}" for n in range(17)), []),
    ],
)
def test_the_ranges_of_the_standard(header, ranges):
    assert byte_ranges(header, 10_000) == ranges


@pytest.mark.parametrize("header", ["bytes=10000-", "bytes=10000-10001", "bytes=-0", "bytes=5-4", "bytes=0-1,5-4"])
def test_ranges_outside_the_file_are_none(header):
    with pytest.raises(RangeNotSatisfiable):
        byte_ranges(header, 10_000)


def test_a_body_of_several_ranges_is_written_as_the_standard_shows():
    content = bytes(n % 251 for n in range(1000))
    body = MultipartRanges([(0, 2), (998, 999)], size=1000, kind="video/mp4")
    boundary = body.content_type.removeprefix("multipart/byteranges; boundary=")
    sent = b"".join(read_pieces(body.pieces, io.BytesIO(content)))
    part = "\r\n--{}\r\nContent-Type: video/mp4\r\nContent-Range: bytes {}-{}/1000\r\n\r\n"
    wanted = part.format(boundary, 0, 2).encode() + b"\x00\x01\x02"
    wanted += part.format(boundary, 998, 999).encode() + bytes([998 % 251, 999 % 251])
    wanted += f"\r\n--{boundary}--\r\n".encode()
    assert sent == wanted
    assert body.length == len(wanted)
    assert describe_pieces([(b"", (5, 9)), (b"a,b", None)]) == "@5-9,a%2Cb@"


def _picture(*seconds: float, length: float | None = None) -> Rendition:
    """A rendition of segments of so many seconds, each of 1,000 bytes behind 100 bytes of initialisation."""
    ends = list(itertools.accumulate(1000 for _ in seconds))
    return Rendition(
        duration=sum(seconds) if length is None else length,
        segments=[[100 + end - 1000, 1000, second] for end, second in zip(ends, seconds, strict=True)],
    )


@pytest.mark.parametrize(
    ("segments", "asked", "end"),
    [
        ([4.0] * 10, 8, 8.0),
        ([4.0] * 10, 9, 12.0),  # with the segment that holds the ninth second
        ([4.0] * 10, 29, 28.0),  # a quarter of the 40 seconds stays out: 30 are shown at most
        ([4.0] * 10, 360, 28.0),
        ([6.0, 6.0], 360, 6.0),
        ([4.0], 8, 0.0),  # one segment would be all of it
        ([10.0, 1.0], 8, 0.0),
    ],
)
def test_how_long_a_preview_is(segments, asked, end):
    assert preview_end([_picture(*segments)], asked) == end
    assert preview_end([], asked) == 0.0


@pytest.mark.django_db(transaction=True)
def test_a_preview_holds_the_first_segments_and_no_byte_more():
    video = make_video(duration=20)
    set_preview(video=video, seconds=4)
    video.refresh_from_db()
    assert video.preview_duration == 4.0
    rows = Rendition.objects.filter(video=video, variant="preview")
    assert {row.name for row in rows} == {"360p", "a0"}
    for row in rows:
        assert (row.segments, row.size, row.duration) == ([[100, 450, 4.0]], 550, 4.0)
        with videos().open(row.file) as file:
            assert len(file.read()) == 550
    set_preview(video=video, seconds=0)
    assert not Rendition.objects.filter(video=video, variant="preview").exists()

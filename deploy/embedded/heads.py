"""Strict parsing of HTTP/1.1 request and response headers (RFC 9112); ambiguous messages are rejected.

Standard library only.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import unquote_to_bytes

LONGEST_ADDRESS = 8192  # bytes, as in streamsite/limits.py and nginx
LONGEST_LINE = LONGEST_ADDRESS + 32  # bytes of a request line
LONGEST_HEADER = 8192  # bytes per header
LONGEST_HEAD = 32 * 1024  # bytes of all request headers
LONGEST_RESPONSE_HEAD = 64 * 1024  # bytes
MOST_HEADERS = 100

WORDS = {
    HTTPStatus.BAD_REQUEST: "无法识别的请求。Bad request.",
    HTTPStatus.METHOD_NOT_ALLOWED: "不支持这种请求方式。Method not supported.",
    HTTPStatus.REQUEST_TIMEOUT: "请求传输超时。The request timed out.",
    HTTPStatus.LENGTH_REQUIRED: "请求缺少长度。Content-Length required.",
    HTTPStatus.REQUEST_URI_TOO_LONG: "网址过长。URL too long.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "请求头过大,请清除 Cookie 后重试。Headers too large; clear cookies.",
    HTTPStatus.BAD_GATEWAY: "服务暂时出错,请稍后再试。Something went wrong. Please try again later.",
    HTTPStatus.SERVICE_UNAVAILABLE: "服务繁忙,请稍后再试。The site is busy. Try again later.",
    HTTPStatus.GATEWAY_TIMEOUT: "服务响应超时,请稍后再试。The server took too long to respond. Try again later.",
}
# headers of every response, added where uWSGI's files and errors lack them
OF_ALL = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    # as streamsite/policy.py
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), serial=(), browsing-topics=()",
}
_OF_REFUSALS = {
    "Content-Type": "text/plain; charset=utf-8",
    "Connection": "close",
    "Cache-Control": "no-store",
    **OF_ALL,
}

_REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ([!-\xff]+) HTTP/1\.([01])")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\0\r\n]*?)[ \t]*")
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: .*)?")
_ABSOLUTE = re.compile(rb"https?://([^/?#]+)", re.IGNORECASE)
_LINE_FEED_ALONE = re.compile(rb"(?<!\r)\n")
# hop-by-hop headers, and Proxy (CVE-2016-5385)
_NOT_PASSED_ON = {
    b"connection", b"keep-alive", b"proxy-connection", b"expect", b"te", b"trailer", b"upgrade", b"proxy",
}  # fmt: skip
_OF_THE_SERVER = {b"connection", b"keep-alive", b"x-send-file", b"x-send-pieces"}
_ONLY_ONCE = {b"host", b"content-length", b"content-type"}


class Refused(Exception):
    """Respond with this status and close the connection."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


@dataclass(frozen=True)
class Request:
    method: bytes
    target: bytes  # as sent, without scheme and host
    version: bytes  # "0" or "1" of HTTP/1.x
    headers: dict[bytes, bytes]  # by name in lower case
    length: int  # bytes of the body

    @property
    def expects_continue(self) -> bool:
        return self.version == b"1" and self.headers.get(b"expect", b"").lower() == b"100-continue"

    @property
    def keeps_open(self) -> bool:
        """Whether the client may send another request on this connection (RFC 9112 §9.3)."""
        return self.version == b"1" and b"close" not in self.headers.get(b"connection", b"").lower()

    def packet(self, *, client: tuple[str, int], port: int) -> bytes:
        """The request as a uwsgi protocol packet: length-prefixed variables."""
        path, _, query = self.target.partition(b"?")
        variables = {
            b"REQUEST_METHOD": self.method,
            b"REQUEST_URI": self.target,
            b"PATH_INFO": unquote_to_bytes(path),
            b"QUERY_STRING": query,
            b"SERVER_PROTOCOL": b"HTTP/1." + self.version,
            b"SCRIPT_NAME": b"",
            b"SENDS_FILES": b"1",
            b"SERVER_NAME": b"localhost",
            b"SERVER_PORT": str(port).encode(),
            b"REMOTE_ADDR": client[0].encode(),
            b"REMOTE_PORT": str(client[1]).encode(),
            b"CONTENT_LENGTH": str(self.length).encode() if b"content-length" in self.headers else b"",
            b"CONTENT_TYPE": self.headers.get(b"content-type", b""),
        }
        for name, value in self.headers.items():
            if name not in _NOT_PASSED_ON and name not in {b"content-length", b"content-type"}:
                variables[b"HTTP_" + name.upper().replace(b"-", b"_")] = value
        packed = b"".join(
            struct.pack("<H", len(n)) + n + struct.pack("<H", len(v)) + v for n, v in variables.items()
        )  # fmt: skip
        if len(packed) > 0xFFFF:
            raise Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        return struct.pack("<BHB", 0, len(packed), 0) + packed


Piece = tuple[bytes, int, int]  # literal bytes, then a file range as (start, end), end exclusive


@dataclass(frozen=True)
class Response:
    status: int
    head: bytes  # without hop-by-hop headers and the empty line
    length: int | None  # bytes of the body; None: until the connection closes
    file: bytes = b""  # path of a file to send instead of the application's body,
    pieces: tuple[Piece, ...] = ()  # and its ranges: utils.ranges.describe_pieces

    @classmethod
    def read(cls, head: bytes, *, method: bytes) -> Response:
        """Parse the response headers. Raises ValueError if malformed."""
        first, *lines = head.split(b"\r\n")
        found = _STATUS_LINE.fullmatch(first)
        if not found:
            raise ValueError("no status line")
        kept, said = [first], {}
        for line in lines:
            name, _, value = line.partition(b":")
            said[name.lower()] = value.strip()
            if name.lower() not in _OF_THE_SERVER:
                kept.append(line)
        kept += [f"{name}: {value}".encode() for name, value in OF_ALL.items() if name.lower().encode() not in said]
        status = int(found[1])
        length = int(said[b"content-length"]) if b"content-length" in said else None
        if method == b"HEAD" or status in {204, 304}:
            length = 0
        return cls(
            status,
            b"\r\n".join(kept),
            length,
            unquote_to_bytes(said.get(b"x-send-file", b"")),
            tuple(_read_piece(piece) for piece in said[b"x-send-pieces"].split(b","))
            if b"x-send-pieces" in said
            else (),
        )


def _read_piece(said: bytes) -> Piece:
    text, _, part = said.partition(b"@")
    first, _, last = part.partition(b"-")
    return unquote_to_bytes(text), int(first or 0), int(last) + 1 if last else int(first or 0)


def end_of_head(received: bytes | bytearray) -> int:
    """Position of the empty line that ends the headers, -1 if incomplete. Raises Refused if too long."""
    line = received.find(b"\r\n", 0, LONGEST_LINE + 2)
    if line < 0 and len(received) > LONGEST_LINE:
        raise Refused(HTTPStatus.REQUEST_URI_TOO_LONG)
    end = received.find(b"\r\n\r\n", 0, LONGEST_HEAD + 4)
    if end < 0 and len(received) > LONGEST_HEAD:
        raise Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
    if end < 0 and _LINE_FEED_ALONE.search(received):  # some servers accept it as a line end
        raise Refused(HTTPStatus.BAD_REQUEST)
    return end


def read_request(head: bytes) -> Request:
    """Parse request headers, without the empty line. Raises Refused."""
    first, *lines = head.split(b"\r\n")
    found = _REQUEST_LINE.fullmatch(first)
    if not found:
        raise Refused(HTTPStatus.BAD_REQUEST)
    method, target, version = found.groups()
    if len(target) > LONGEST_ADDRESS:
        raise Refused(HTTPStatus.REQUEST_URI_TOO_LONG)
    absolute = _ABSOLUTE.match(target)
    if absolute:
        target = target[absolute.end() :] or b"/"
    if not target.startswith(b"/") or b"#" in target or b"\0" in unquote_to_bytes(target.partition(b"?")[0]):
        raise Refused(HTTPStatus.BAD_REQUEST)
    if method in {b"TRACE", b"CONNECT"}:  # like nginx: they echo cookies and open tunnels
        raise Refused(HTTPStatus.METHOD_NOT_ALLOWED)
    headers = _read_headers(lines)
    if version == b"1" and b"host" not in headers:
        raise Refused(HTTPStatus.BAD_REQUEST)
    if absolute and absolute[1].lower() != headers.get(b"host", b"").lower():  # ambiguous host
        raise Refused(HTTPStatus.BAD_REQUEST)
    if b"transfer-encoding" in headers:  # limits need a known length
        raise Refused(HTTPStatus.LENGTH_REQUIRED)
    return Request(method, target, version, headers, _read_length(headers))


def _read_headers(lines: list[bytes]) -> dict[bytes, bytes]:
    headers: dict[bytes, bytes] = {}
    if len(lines) > MOST_HEADERS:
        raise Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
    for line in lines:
        if len(line) > LONGEST_HEADER:
            raise Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        found = _HEADER.fullmatch(line)
        if not found:
            raise Refused(HTTPStatus.BAD_REQUEST)
        name, value = found[1].lower(), found[2]
        if b"_" in name:  # indistinguishable from hyphens in CGI variables; nginx drops them too
            continue
        if name in headers:
            if name in _ONLY_ONCE:
                raise Refused(HTTPStatus.BAD_REQUEST)
            value = headers[name] + (b"; " if name == b"cookie" else b", ") + value
        headers[name] = value
    return headers


def _read_length(headers: dict[bytes, bytes]) -> int:
    said = headers.get(b"content-length", b"0")
    if not said.isdigit() or len(said) > 18:
        raise Refused(HTTPStatus.BAD_REQUEST)
    return int(said)


def refusal(status: HTTPStatus) -> bytes:
    """A complete error response."""
    text = f"{status.value} {WORDS[status]}\n".encode()
    headers = {**_OF_REFUSALS, "Content-Length": str(len(text))}
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + text

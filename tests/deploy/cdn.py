"""A CDN of Alibaba Cloud's or Tencent Cloud's rules: it opens addresses, fetches from the origin and keeps what it may.

Written from the vendors' documents (see utils/cdn.py), and stricter where they are unclear: no parameter beside the
signature, and refusals without headers that would let scripts read them.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from zoneinfo import ZoneInfo

FORMS = {
    "a": r"(?P<path>/[^?]*)\?\w+=(?P<at>\d{10})-(?P<rand>\w+)-(?P<uid>\w+)-(?P<hash>[0-9a-f]{32})",
    "b": r"/(?P<at>\d{12})/(?P<hash>[0-9a-f]{32})(?P<path>/[^?]*)",
    "c": r"/(?P<hash>[0-9a-f]{32})/(?P<at>[0-9A-Fa-f]{8})(?P<path>/[^?]*)",
    "d": r"(?P<path>/[^?]*)\?\w+=(?P<hash>[0-9a-f]{32})&\w+=(?P<at>\d{10})",
}
FORMS["f"] = FORMS["d"]
SIGNED = {"a": "{path}-{at}-{rand}-{uid}-{key}", "b": "{key}{at}{path}", "c": "{key}{path}{at}", "d": "{key}{path}{at}"}
SIGNED["f"] = SIGNED["d"]


class Refused(Exception):
    """403, as both vendors say it for each reason."""


def opened(kind: str, address: str, keys: list[str], validity: int, *, now: float, earliest: float = 0.0) -> str:
    """The path that an address leads to, for a CDN with a main and a standby key. Raises Refused.

    Timestamps before `earliest` count as expired.
    """
    form = kind[-1]
    found = re.fullmatch(FORMS[form], address)
    if not found:
        raise Refused("another form")
    texts = [SIGNED[form].format(**found.groupdict(), key=key) for key in keys]
    if found["hash"] not in [hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() for text in texts]:
        raise Refused("the hash")
    moment = _moment(form, found["at"])
    if moment + validity < now or moment < earliest:
        raise Refused("the time")
    return found["path"]


def _moment(form: str, text: str) -> float:
    if form == "b":
        return datetime.strptime(text, "%Y%m%d%H%M").replace(tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()
    return int(text, 16 if form == "c" else 10)


@dataclass
class Cdn:
    """What the console says of it, and what happened: answers by (method, status), fetches, and what it keeps."""

    kind: str
    keys: list[str]
    says: str
    origin: Callable[[], http.client.HTTPConnection]
    validity: int = 1800
    earliest: float = 0.0
    delay: float = 0.0  # seconds until an answer
    answers: list[tuple[str, int]] = field(default_factory=list)
    pulls: list[str] = field(default_factory=list)
    kept: dict[tuple[str, str], tuple[int, list[tuple[str, str]], bytes]] = field(default_factory=dict)

    def fetch(self, method: str, path: str, asked: str) -> tuple[int, list[tuple[str, str]], bytes]:
        if (path, asked) in self.kept and method == "GET":
            return self.kept[path, asked]
        self.pulls.append(path)
        headers = {"X-Streamsite-Pull": self.says, "X-Forwarded-For": "203.0.113.9"} | (
            {"Range": asked} if asked else {}
        )
        with contextlib.closing(self.origin()) as origin:
            origin.request(method, path, headers=headers)
            got = origin.getresponse()
            answer = got.status, got.getheaders(), got.read()
        if method == "GET" and answer[0] in {200, 206} and "public" in (got.headers["Cache-Control"] or ""):
            self.kept[path, asked] = answer
        return answer

    @contextlib.contextmanager
    def running(self, port: int = 0) -> Iterator[int]:
        """The CDN on a port of loopback."""
        cdn = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                time.sleep(cdn.delay)
                try:
                    path = opened(cdn.kind, self.path, cdn.keys, cdn.validity, now=time.time(), earliest=cdn.earliest)
                except Refused:
                    status, headers, body = 403, [], b""
                else:
                    status, headers, body = cdn.fetch(self.command, path, self.headers["Range"] or "")
                cdn.answers.append((self.command, status))
                self.send_response(status)
                for name, value in headers:
                    if name.lower() not in {"connection", "transfer-encoding", "content-length", "date", "server"}:
                        self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_OPTIONS = do_HEAD = do_GET

            def log_message(self, *_args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

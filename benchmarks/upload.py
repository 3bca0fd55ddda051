"""A file uploaded by tus against `cp` and `sha256sum` of the same file: how many times as fast.

The upload goes through nginx with `deploy/nginx/site.conf`, as an installation takes it (asked: at least 0.5), and to
the embedded default, in requests of the size that the upload page's client sends, each of them written, hashed
(SHA-256 and MD5) and brought to the disk before the next. It counts from the first request until the file is a video.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from common.pairs import compare

ROOT = Path(__file__).resolve().parents[1]
MIB = 2**20
SIZE = 128 * MIB
PIECE = 64 * MIB  # static/js/upload/transfer.js
PAIRS = 11


def reference(source: Path, folder: Path) -> float:
    """Seconds of copying and hashing."""
    copy = folder / "copy"
    began = time.perf_counter()
    subprocess.run(["cp", source, copy], check=True)
    subprocess.run(["sha256sum", copy], check=True, stdout=subprocess.DEVNULL)
    took = time.perf_counter() - began
    copy.unlink()
    return took


def upload(source: Path, port: int, headers: dict[str, str]) -> float:
    """Seconds from the first request until the file is a video; it is new content each time."""
    with source.open("r+b") as file:
        file.write(os.urandom(16))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def ask(method: str, path: str, body: object = None, **more: str) -> tuple[http.client.HTTPResponse, bytes]:
        connection.request(method, path, body, {**headers, "Tus-Resumable": "1.0.0", **more})
        answer = connection.getresponse()
        said = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path} answered {answer.status}")
        return answer, said

    began = time.perf_counter()
    made, _said = ask("POST", "/media/uploads/", **{"Upload-Length": str(SIZE)})
    place = urlsplit(made.headers["Location"]).path
    with source.open("rb") as file:  # type: ignore[assignment]
        for offset in range(0, SIZE, PIECE):
            more = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
            ask("PATCH", place, file.read(PIECE), **more)
    while json.loads(ask("GET", place)[1])["state"] != "done":  # hashed by a worker where several processes took it
        time.sleep(0.02)
    return time.perf_counter() - began


def main() -> None:
    sys.path.insert(0, str(ROOT))
    import tests.environment
    from tests.browser.conftest import start_site
    from tests.browser.nginx import free_port, start_nginx
    from tests.browser.test_large_upload import Curator

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "source.mp4"
        source.write_bytes(os.urandom(MIB) * (SIZE // MIB))
        site = start_site(folder / "data", demo="0")
        port = free_port()
        nginx = start_nginx(site, port, folder / "nginx")
        try:
            for server, at, asked in (("nginx", port, ", asked: at least 0.50"), ("uWSGI", site.port, "")):
                curator = Curator(site, at)
                headers = {key: str(curator.headers[key]) for key in ("Cookie", "X-CSRFToken")}
                found = compare(partial(upload, source, at, headers), partial(reference, source, folder), pairs=PAIRS)
                ours, theirs = (SIZE / MIB / took for took in (found.ours, found.reference))
                print(f"  {server} {ours:.0f} MiB/s, cp + sha256sum {theirs:.0f} MiB/s")
                print(f"  the client took {found.busy:.2f} of a processor")
                print(f"upload through {server} {found}{asked}")
        finally:
            nginx.terminate()
            nginx.wait(timeout=20)
            site.stop()
            tests.environment.pytest_unconfigure()


if __name__ == "__main__":
    main()

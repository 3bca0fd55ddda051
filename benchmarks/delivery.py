"""Ranges of a file under signed addresses against nginx sending the same ranges unsigned: how many times as fast.

Ranges are of the size of a segment, asked by four clients over connections that are kept. Measured are nginx with
`deploy/nginx/site.conf`, as an installation delivers (asked: at least 0.90), and the embedded default, of which
nothing is asked. Signed and unsigned are sent by the same nginx process, in turn, for some hundredths of a second each.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path

from common.pairs import compare
from common.ranges import Viewers

ROOT = Path(__file__).resolve().parents[1]
MIB = 2**20
SIZE = 256 * MIB
SEGMENT = 2 * MIB  # bytes: four seconds of 4 Mbit/s
RANGES = [range(first, first + SEGMENT) for first in range(0, SIZE, SIZE // 8)]  # of one round
CLIENTS = 4
PAIRS = {"nginx": 600, "uWSGI": 60}
PLAIN = """
    server { listen 127.0.0.1:%d; sendfile on; tcp_nopush on; location /plain/ { alias "%s/"; } }
"""


def main() -> None:
    sys.path.insert(0, str(ROOT))
    import tests.environment
    from tests.browser.conftest import start_site
    from tests.browser.nginx import free_port, start_nginx

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site = start_site(folder / "data", demo="0")
        signed_port, plain_port = free_port(), free_port()
        file = site.data / "videos" / "b.mp4"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(os.urandom(MIB) * (SIZE // MIB))
        code = (
            "import time; from utils.signing import sign; print(sign('/v/b.mp4', expires_at=int(time.time()) + 9000))"
        )
        address = site.manage("shell", "-v", "0", "-c", code).split()[-1]
        nginx = start_nginx(site, signed_port, folder / "nginx", more=PLAIN % (plain_port, file.parent))
        try:
            for server, port, asked in (("nginx", signed_port, ", asked: at least 0.90"), ("uWSGI", site.port, "")):
                with (
                    Viewers(port, address, count=CLIENTS) as signed,
                    Viewers(plain_port, "/plain/b.mp4", count=CLIENTS) as plain,
                ):
                    found = compare(partial(signed.fetch, RANGES), partial(plain.fetch, RANGES), pairs=PAIRS[server])
                ours, theirs = (len(RANGES) * SEGMENT / MIB / took for took in (found.ours, found.reference))
                print(f"  {server}, signed {ours:.0f} MiB/s, nginx, unsigned {theirs:.0f} MiB/s")
                print(f"  the client took {found.busy:.2f} of a processor")
                print(f"ranges by {server} {found}{asked}")
        finally:
            nginx.terminate()
            nginx.wait(timeout=20)
            site.stop()
            shutil.rmtree(site.data, ignore_errors=True)
            tests.environment.pytest_unconfigure()


if __name__ == "__main__":
    main()

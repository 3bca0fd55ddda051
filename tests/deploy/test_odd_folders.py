"""A real nginx on folders whose names mean something in its configuration."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.browser.nginx import write_main
from tests.deploy.front import Front, make_certificate, until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("front")]

ODD = r"""a b $uri ${uri} $ \n \\ "q" 'r' ;{#} 片"""
ODD_WITHOUT_DOLLAR = ODD.replace("$", "")
PAGE = b"HTTP/1.1 200 OK\r\nX-Accel-Expires: 60\r\nContent-Language: zh-hans\r\nContent-Length: 4\r\n\r\npage"


@contextlib.contextmanager
def node(file: Path) -> Iterator[None]:
    """What answers every request of uWSGI's protocol with a page that may be kept."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(file))
        listening.listen()

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    with listening.accept()[0] as asked:
                        asked.recv(65536)
                        asked.sendall(PAGE)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()
            file.unlink()


@pytest.fixture
def front() -> Iterator[Front]:
    folder = Path(tempfile.mkdtemp(prefix="o-", dir="/tmp"))  # a socket's path has 107 bytes at most
    found = Front(folder)
    found.data = folder / ODD
    found.env["DATA_DIR"] = str(found.data)
    try:
        yield found
    finally:
        found.stop()
        shutil.rmtree(folder)


def test_nginx_serves_from_folders_of_any_name(front):
    data, tls = front.data, front.folder / ODD_WITHOUT_DOLLAR
    tls.mkdir()
    certificate = make_certificate(tls)
    shutil.copy(certificate, front.folder)  # where `ask` looks for it
    front.manage("collectstatic", "--noinput", "-v", "0")
    stored = {
        "videos/t/片 a.mp4": b"video", "private/materials/a.pdf": b"material", "pictures/posters/a.jpg": b"picture",
        "acme/.well-known/acme-challenge/token": b"token.key",
    }  # fmt: skip
    for name, content in stored.items():
        (data / name).parent.mkdir(parents=True)
        (data / name).write_bytes(content)
    code = "from utils.signing import sign; print(*[sign(f'/v/{n}', expires_at=2**34) for n in %r], sep='\\n')"
    signed = front.manage("shell", "-v", "0", "-c", code % ["t/片 a.mp4", "materials/a.pdf"]).splitlines()[-2:]
    text = front.manage(
        "nginx_config", "--listen", f"127.0.0.1:{front.plain}", "--listen-tls", f"127.0.0.1:{front.secure}",
        "--certificate", str(certificate), "--key", str(certificate.with_suffix(".key")), "--acme", str(data / "acme"),
        "--page-cache", str(data / "pages"), "--logs", str(data / "logs"), "--node", f"unix:{data}/n",
    )  # fmt: skip
    (data / "logs").mkdir()
    write_main(front.folder, text)
    with node(data / "n"):
        front.nginx = subprocess.Popen(["/usr/sbin/nginx", "-c", front.folder / "nginx.conf"])
        until(lambda: not socket.socket().connect_ex(("127.0.0.1", front.secure)), lambda: "nginx")
        assert front.ask("/ranking/week/").body == b"page"
    assert front.ask("/ranking/week/").body == b"page"  # kept, as nobody answers now
    assert [file for file in (data / "pages").rglob("*") if file.is_file()]
    for address, content in zip([*signed, "/media/posters/a.jpg"], [*stored.values()][:3], strict=True):
        answer = front.ask(address)
        assert (answer.status, answer.body) == (200, content), address
    part = front.ask(signed[0], headers={"Range": "bytes=1-2"})
    assert (part.status, part.body) == (206, b"id")
    assert front.ask(signed[0].split("?")[0]).status == 403
    assert front.ask("/.well-known/acme-challenge/token", plain=True).body == b"token.key"
    style = next((data / "static").glob("site.*.css"))
    assert front.ask(f"/static/{style.name}").body == style.read_bytes()
    packed = front.ask(f"/static/{style.name}", headers={"Accept-Encoding": "gzip"})
    assert packed.body == style.with_name(f"{style.name}.gz").read_bytes()
    refused = front.ask("/search/")
    assert (refused.status, refused.headers["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert refused.body == (data / "errors/zh-hans/503.html").read_bytes()
    until(lambda: '"path":"/search/"' in (data / "logs/access.log").read_text(), lambda: "the log")
    assert (data / "logs/error.log").exists()


def test_a_certificate_that_nginx_would_look_for_elsewhere_is_refused(settings):
    settings.SITE_URL = "https://site.example"
    with pytest.raises(CommandError, match=r"can't read a certificate or key with \$"):
        call_command("nginx_config", "--node", "unix:/a", "--certificate", "/a/$b.pem", "--key", "/a/b.key")

"""Packages come from where pip is configured to ask, by its certificate, in every step; a failure names its cause."""

from __future__ import annotations

import hashlib
import http.server
import os
import shutil
import ssl
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.browser.nginx import free_port
from tests.conftest import ROOT

sys.path.insert(0, str(ROOT / "deploy" / "embedded"))

import failures
import mirrors

pytestmark = pytest.mark.slow


def _wheel(folder: Path, name: str, files: dict[str, str]) -> Path:
    """A wheel of version 1.0 with these files, and scripts among them."""
    wheel, meta = folder / f"{name}-1.0-py3-none-any.whl", f"{name}-1.0.dist-info"
    files = {
        **files,
        f"{meta}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{meta}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*files, f"{meta}/RECORD"])
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in {**files, f"{meta}/RECORD": record}.items():
            info = zipfile.ZipInfo(path)
            info.external_attr = 0o100755 << 16
            archive.writestr(info, text)
    return wheel


def _certificate(folder: Path) -> tuple[Path, Path]:
    """(an authority's certificate, a server's certificate and key for 127.0.0.1)."""
    now = datetime.now(UTC)

    def make(subject: str, issuer: str, key: Any, by: Any, *, authority: bool) -> x509.Certificate:
        built = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)]))
            .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
        )
        if not authority:
            name = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
            built = built.add_extension(name, critical=False)
        return built.sign(by, hashes.SHA256())

    root, server = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    pem = serialization.Encoding.PEM
    ca, chain = folder / "ca.pem", folder / "server.pem"
    ca.write_bytes(make("Our authority", "Our authority", root, root, authority=True).public_bytes(pem))
    chain.write_bytes(
        make("127.0.0.1", "Our authority", server, root, authority=False).public_bytes(pem)
        + server.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return ca, chain


@dataclass
class Index:
    """A package index (PEP 503) on this machine, and what it was asked."""

    url: str
    ca: Path
    asked: list[str] = field(default_factory=list)

    def packages(self) -> set[str]:
        return {path.split("/")[2] for path in self.asked if path.startswith("/simple/")}


def _serve(folder: Path, wheels: list[Path], ca: Path, chain: Path | None) -> tuple[Index, Any]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            index.asked.append(self.path)  # type: ignore[attr-defined]
            parts = self.path.strip("/").split("/")
            body = b""
            if parts[0] == "simple":
                links = [
                    f'<a href="/files/{w.name}#sha256={hashlib.sha256(w.read_bytes()).hexdigest()}">{w.name}</a>'
                    for w in wheels
                    if w.name.startswith(f"{parts[1].replace('-', '_')}-")
                ]
                body = f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>".encode() if links else b""
            elif (folder / parts[-1]).exists():
                body = (folder / parts[-1]).read_bytes()
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html" if parts[0] == "simple" else "application/octet-stream")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if chain:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    index = Index(f"{'https' if chain else 'http'}://127.0.0.1:{server.server_address[1]}/simple/", ca)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return index, server


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """The first stage in a project of its own that needs two small packages, one of them called uv."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "deploy" / "embedded", folder / "deploy" / "embedded")
    (folder / "wheels").mkdir()
    script = f'#!/bin/sh\nexec {Path(sys.executable).parent / "uv"} "$@"\n'
    wheels = [
        _wheel(folder / "wheels", "uv", {"uv-1.0.data/scripts/uv": script}),
        _wheel(folder / "wheels", "needed", {"needed.py": ""}),
        _wheel(folder / "wheels", "elsewhere", {"elsewhere.py": ""}),
    ]
    pins = (
        f"{w.name.split('-')[0]}==1.0 \\\n    --hash=sha256:{hashlib.sha256(w.read_bytes()).hexdigest()}\n"
        for w in wheels
    )
    (folder / "requirements.txt").write_text("".join(pins))
    subprocess.run([sys.executable, "-m", "venv", folder / ".venv"], check=True)
    (folder / ".venv" / "stamps").mkdir()
    _certificate(folder)
    return folder


@pytest.fixture
def index(project) -> Iterator[Index]:
    """Everything, over https by an authority of our own."""
    found, server = _serve(
        project / "wheels", sorted((project / "wheels").iterdir()), project / "ca.pem", project / "server.pem"
    )
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def two(project) -> Iterator[tuple[Index, Index]]:
    """Plain http: all but `elsewhere`, and that one."""
    wheels = sorted((project / "wheels").iterdir())
    parts = [[w for w in wheels if w.name[0] != "e"], [w for w in wheels if w.name[0] == "e"]]
    served = [_serve(project / "wheels", part, project / "ca.pem", None) for part in parts]
    yield served[0][0], served[1][0]
    for _, server in served:
        server.shutdown()
        server.server_close()


def _install(project: Path, conf: str = "", **told: str) -> subprocess.CompletedProcess[str]:
    """Run the steps that fetch, from nothing, under a pip.conf and variables of the test's own."""
    python = project / ".venv" / "bin" / "python"
    subprocess.run(
        [python, "-m", "pip", "uninstall", "-qy", "uv", "needed", "elsewhere"], check=True, capture_output=True
    )
    for stamp in (project / ".venv" / "stamps").iterdir():
        stamp.unlink()
    kept = {
        name: value for name, value in os.environ.items()
        if not name.startswith(("PIP_", "UV_", "SSL_")) and not name.upper().endswith(("_PROXY", "CA_BUNDLE"))
    }  # fmt: skip
    home = project / "home"
    shutil.rmtree(home, ignore_errors=True)
    (home / ".config" / "pip").mkdir(parents=True)
    (home / ".config" / "pip" / "pip.conf").write_text(conf)
    env = {
        **kept,
        "HOME": str(home),
        "XDG_CONFIG_DIRS": str(home),
        "UV_NO_CACHE": "1",
        "PIP_RETRIES": "0",
        "PIP_NO_CACHE_DIR": "1",
        **told,
    }
    code = "import sys; sys.path.insert(0, 'deploy/embedded'); import bootstrap; bootstrap.install(['requirements'])"
    return subprocess.run([python, "-c", code], cwd=project, env=env, capture_output=True, text=True, timeout=120)


def test_both_installers_ask_the_mirror_of_pip_conf_by_its_certificate(project, index):
    done = _install(project, f"[global]\nindex-url = {index.url}\ncert = {index.ca}\n")
    assert done.returncode == 0, done.stderr
    assert index.packages() == {"uv", "needed", "elsewhere"}


def test_variables_and_a_second_index_count_as_for_pip(project, two):
    first, second = two
    refused = f"http://127.0.0.1:{free_port()}/simple/"
    done = _install(
        project, f"[global]\nindex-url = {refused}\n", PIP_INDEX_URL=first.url, PIP_EXTRA_INDEX_URL=second.url
    )
    assert done.returncode == 0, done.stderr
    assert "needed" in first.packages()
    assert [path for path in second.asked if path.startswith("/files/elsewhere")]


def test_pip_config_file_counts_and_what_is_said_to_uv_comes_first(project, two, index, tmp_path):
    first, second = two
    conf = tmp_path / "other.conf"
    conf.write_text(f"[install]\nindex-url = {first.url}\nextra-index-url = {second.url}\n[global]\nindex-url = x:\n")
    assert _install(project, PIP_CONFIG_FILE=str(conf)).returncode == 0
    done = _install(project, PIP_CONFIG_FILE=str(conf), UV_DEFAULT_INDEX=index.url, PIP_CERT=str(index.ca))
    assert done.returncode == 0, done.stderr
    assert "needed" in index.packages()


def test_a_trusted_host_needs_no_certificate(project, index):
    host = index.url.split("/")[2]
    done = _install(project, f"[global]\nindex-url = {index.url}\ntrusted-host = {host}\n")
    assert done.returncode == 0, done.stderr


def _told(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1, done
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_certificate_that_is_not_trusted_is_named_by_either_step(project, index):
    said = _told(_install(project, f"[global]\nindex-url = {index.url}\n"))
    assert "Installing the installer (uv, by pip) failed" in said
    assert "its certificate isn't trusted" in said
    assert "127.0.0.1" in said
    (project / ".venv" / "bin" / "uv").symlink_to(Path(sys.executable).parent / "uv")
    said = _told(_reinstall(project, PIP_INDEX_URL=index.url))
    assert "Installing the packages failed" in said
    assert f"{index.url}" in said
    assert "its certificate isn't trusted" in said
    assert "cert in pip's configuration" in said


def _reinstall(project: Path, **told: str) -> subprocess.CompletedProcess[str]:
    """The second step alone: uv is there."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "SSL_"))}
    kept = {name: value for name, value in kept.items() if not name.upper().endswith(("_PROXY", "CA_BUNDLE"))}
    env = {
        **kept,
        "HOME": str(project / "home"),
        "XDG_CONFIG_DIRS": str(project),
        "UV_NO_CACHE": "1",
        "PIP_RETRIES": "0",
        **told,
    }
    code = "import sys; sys.path.insert(0, 'deploy/embedded'); import bootstrap; bootstrap.install(['requirements'])"
    python = project / ".venv" / "bin" / "python"
    return subprocess.run([python, "-c", code], cwd=project, env=env, capture_output=True, text=True, timeout=120)


def test_a_mirror_that_refuses_is_named_without_its_password(project):
    port = free_port()
    link = project / ".venv" / "bin" / "uv"
    if not link.exists():
        link.symlink_to(Path(sys.executable).parent / "uv")
    said = _told(_reinstall(project, PIP_INDEX_URL=f"http://lin:secret@127.0.0.1:{port}/simple/"))
    assert "Installing the packages failed at " in said
    assert f"http://127.0.0.1:{port}/simple/" in said
    assert "connection refused" in said
    assert "secret" not in said
    link.unlink()
    said = _told(_install(project, PIP_INDEX_URL=f"http://lin:secret@127.0.0.1:{port}/simple/"))
    assert "Installing the installer (uv, by pip) failed at uv: " in said
    assert f"127.0.0.1:{port}" in said
    assert "secret" not in said


def test_a_mirror_without_the_package_is_told_so(project, two):
    (project / ".venv" / "bin" / "uv").unlink(missing_ok=True)
    first, _second = two
    said = _told(_install(project, PIP_INDEX_URL=first.url))
    assert "Installing the packages failed at elsewhere" in said
    assert "it doesn't have the package" in said


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "npm error code ECONNREFUSED\n"
            "npm error FetchError: request to https://npm.example/htmx.org/-/htmx.org-2.0.tgz failed, reason: connect",
            "npm failed at htmx.org: https://npm.example/htmx.org/-/htmx.org-2.0.tgz – nothing listens there",
        ),
        (
            "npm error code SELF_SIGNED_CERT_IN_CHAIN\nnpm error request to https://npm.example/hls.js failed",
            "npm failed: https://npm.example/hls.js – its certificate isn't trusted.",
        ),
        ("npm error code ENOTFOUND\nnpm error request to https://npm.example/x failed", "nobody knows this host"),
        ("npm error code E403\nnpm error 403 Forbidden - GET https://npm.example/x", "it refuses access"),
        ("npm error code ENOSPC\nnpm error nospc No space left on device", "Free up disk space."),
    ],
)  # fmt: skip
def test_what_npm_says_is_understood(said, told):
    assert told in failures.explain(step="npm", said=said, asked=[], npm=True)


def test_a_proxy_and_its_kin_are_passed_on(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith(("UV_", "SSL_")) or name.endswith("_BUNDLE")]:
        monkeypatch.delenv(name)
    told = {
        "proxy": "http://p:1",
        "client-cert": "/c.pem",
        "no-index": "true",
        "find-links": f"{tmp_path} /nowhere",
        "retries": "7",
    }
    options, env = mirrors.for_uv(told)
    assert options == ["--no-index"]
    assert (env["HTTPS_PROXY"], env["SSL_CLIENT_CERT"], env["UV_HTTP_RETRIES"]) == ("http://p:1", "/c.pem", "7")
    assert env["UV_FIND_LINKS"] == str(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    assert mirrors.for_uv({})[1]["SSL_CERT_FILE"] == str(tmp_path / "ca.pem")
    assert mirrors.for_uv({"cert": str(tmp_path)})[1]["SSL_CERT_DIR"] == str(tmp_path)

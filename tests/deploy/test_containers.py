"""The files that start a site in containers: no engine is needed to see that they fit together."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from ruamel.yaml import YAML

sys.path.append(str(settings.BASE_DIR / "deploy" / "stack"))
sys.path.append(str(settings.BASE_DIR / "deploy" / "embedded"))
from units import units

ROOT: Path = settings.BASE_DIR
DEPLOY = ROOT / "deploy"
TOOLS = Path(sys.executable).parent
MADE = {"site.env", "certificates", "acme", "secrets"}  # by the operator, as docs/containers.md says


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(DEPLOY / "compose.yml")
    return found


def _run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_compose_follows_the_specification():
    checked = _run(TOOLS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "deploy/compose.yml")
    assert checked.returncode == 0, checked.stdout


def test_the_linter_finds_nothing_in_the_dockerfile():
    checked = _run(TOOLS / "hadolint", "--no-color", "deploy/Dockerfile")
    assert (checked.returncode, checked.stdout) == (0, "")


def test_the_script_is_sound_posix_shell():
    script = DEPLOY / "containers" / "prepare.sh"
    assert script.stat().st_mode & 0o111
    assert _run("sh", "-n", script).returncode == 0


def test_every_file_that_is_named_exists(compose):
    for name, service in compose["services"].items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert source.removeprefix("./") in MADE or (DEPLOY / source).exists(), (name, source)
            else:
                assert source in compose["volumes"], (name, source)
        for secret in service.get("secrets", []):
            assert secret in compose["secrets"], (name, secret)
        if build := service.get("build"):
            assert (DEPLOY / build["context"]).resolve() == ROOT
            assert (ROOT / build["dockerfile"]).exists()
            assert f"AS {build['target']}\n" in (ROOT / build["dockerfile"]).read_text()
        assert service.get("env_file", "site.env") in MADE
    assert all(secret["file"].split("/")[0] in MADE for secret in compose["secrets"].values())
    known = (DEPLOY / "site.env.example").read_text()
    assert {line.split("=")[0] for line in known.splitlines() if not line.startswith("#")} <= set(
        (ROOT / "docs" / "settings.md").read_text().replace("`", " ").replace(",", " ").split()
    )


def test_the_parts_are_those_of_the_systemd_units(compose):
    """The same commands for the same nodes, workers and beat, with the same signals."""
    services = compose["services"]
    shipped = units(run_dir=Path("/run/streamsite"), state_dir=Path("/var/lib/streamsite-beat"))
    expected = {f"{unit.kind}-{unit.instance}".rstrip("-").replace("_", "-"): unit for unit in shipped}
    ours = {name for name, service in services.items() if service.get("image") == "streamsite"}
    assert ours == {*expected, "prepare"}
    for name, unit in expected.items():
        command = [word.replace(f"{ROOT}/", "") for word in unit.command]
        assert services[name]["command"] == command, name
        assert services[name].get("stop_signal", "SIGTERM") == unit.stop_signal.name, name


def test_the_site_runs_without_privileges(compose):
    for name, service in compose["services"].items():
        assert service["security_opt"] == ["no-new-privileges:true"], name
        if service.get("image") == "streamsite":
            assert service["cap_drop"] == ["ALL"], name
            assert service["read_only"] is True, name
        else:
            assert ":" in service["image"] or "build" in service, f"{name} pins no version"


def test_nginx_asks_the_nodes_that_there_are(compose):
    """`prepare.sh` names their sockets, which nodes and nginx share."""
    script = (DEPLOY / "containers" / "prepare.sh").read_text()
    nodes = sorted(name for name in compose["services"] if name.startswith("node-"))
    assert nodes == [f"node-{number}" for number in script.split("for node in ")[1].split(";")[0].split()]
    for name in [*nodes, "nginx"]:
        assert "run:/run/streamsite" in compose["services"][name]["volumes"], name


def test_what_is_copied_into_the_image_is_what_the_site_runs_on():
    """.dockerignore lets in a list of folders: all code that the site imports, no data, no key, no test."""
    lines = (ROOT / ".dockerignore").read_text().split()
    assert lines[0] == "*"
    allowed = {line[1:] for line in lines if line.startswith("!")}
    assert {
        "apps",
        "celery_tasks",
        "deploy",
        "locale",
        "manage.py",
        "static",
        "streamsite",
        "templates",
        "utils",
    } <= allowed
    assert not allowed & {"data", "data-stack", "tests", "benchmarks", ".venv", "node_modules"}
    assert all(list(ROOT.glob(name)) for name in allowed)
    assert {"deploy/secrets", "deploy/site.env", "deploy/certificates"} <= set(lines)

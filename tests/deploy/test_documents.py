"""Documents name what exists, the index names every document, and the hook is `make check`."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.conftest import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
RECORDS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))


def _without_code(text: str) -> str:
    return re.sub(r"^( {4}|```).*$", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_link_leads_somewhere(document):
    links = re.findall(r"\]\(([^)\s]+)\)", _without_code(document.read_text()))
    files = [link.partition("#")[0] for link in links if not re.match(r"https?:|mailto:|#", link)]
    assert [name for name in files if not (document.parent / name).exists()] == []


@pytest.mark.parametrize("name", ["README.md", "SECURITY.md", "docs/architecture.md"])
def test_a_path_that_is_named_exists(name):
    roots = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    paths = re.findall(r"`([\w.-]+/[\w./-]*)`", (ROOT / name).read_text())
    named = [
        path for path in paths if path.partition("/")[0] in roots and not path.startswith(("static/dist", "data/"))
    ]
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_index_names_every_document():
    index = (ROOT / "docs" / "README.md").read_text()
    here = [path.name for path in (ROOT / "docs").glob("*.md")] + [path.name for path in ROOT.glob("*.md")]
    assert [name for name in here if name != "README.md" and f"{name})" not in index] == []


def test_every_decision_is_listed_and_every_missing_number_explained():
    listed, _, gaps = (ROOT / "docs" / "decisions" / "README.md").read_text().partition("## Missing numbers")
    assert sorted(re.findall(r"^- \[\d{4}\]\(([^)]+)\) \S", listed, re.MULTILINE)) == [path.name for path in RECORDS]
    numbers = {int(path.name[:4]) for path in RECORDS}
    missing = set(range(1, max(numbers) + 1)) - numbers
    assert {int(number) for number in re.findall(r"\b\d{4}\b", gaps)} == missing


def test_the_interface_uses_the_words_of_the_glossary():
    rows = [line.split("|") for line in (ROOT / "docs" / "glossary.md").read_text().splitlines()]
    words = [word for row in rows if len(row) == 6 for word in row[2].strip().split("、")]
    shown = [word for word in words if word not in {"中文", "---", "–"} and not word.startswith("（")]
    catalogue = (ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po").read_text()
    assert len(shown) > 50
    assert [word for word in shown if word not in catalogue] == []


def test_make_targets_that_are_named_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {target for path in DOCUMENTS for target in re.findall(r"`make ([a-z-]+)", path.read_text())}
    assert {"check", "run", "test"} <= named
    assert named - targets == set()


def test_the_hook_before_a_commit_and_ci_run_make_check():
    config = (ROOT / ".pre-commit-config.yaml").read_text()
    assert re.findall(r"^ *- repo: (.+)$", config, re.MULTILINE) == ["local"]
    assert re.findall(r"^ *entry: (.+)$", config, re.MULTILINE) == ["make check"]
    assert {"language: system", "always_run: true", "pass_filenames: false"} <= {
        line.strip() for line in config.splitlines()
    }
    assert "make check" in (ROOT / ".ci" / "run").read_text().splitlines()


def test_the_changelog_begins_with_what_is_unreleased_and_then_with_this_version():
    with (ROOT / "pyproject.toml").open("rb") as file:
        version = tomllib.load(file)["project"]["version"]
    heads = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert heads[0] == "[Unreleased]"
    assert re.fullmatch(rf"\[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d", heads[1])
    kinds = re.findall(r"^### (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert set(kinds) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}

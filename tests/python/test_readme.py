"""What the documents say is so: their commands, options, targets, files, links and models are there."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import typer
from sqlmesh.cli.main import cli as sqlmesh_cli

from conftest import DEMO_FACILITIES, DEMO_MONTHS, LEADS, ROOT, Run, command_environment
from lead_enrichment.cli import app

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("*/README.md"), *(ROOT / "docs").rglob("*.md")])
COMMANDS = {"leads": typer.main.get_command(app), "sqlmesh": sqlmesh_cli}
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MODEL = re.compile(r"\b(?:stg|int|dim|fact)_[a-z_]+\b")

LOCKS = ("requirements.lock", "requirements-dev.lock")


def asked_for(text: str) -> set[str]:
    """Return the names of the packages in the lists of a pyproject.toml, as a lock spells them."""
    asked = re.findall(r'^  "([a-zA-Z0-9.-]+)(?=[\["~<>=])', text, re.MULTILINE)
    return {name.lower().replace(".", "-") for name in asked}


def pins(lock: str) -> dict[str, set[str]]:
    """Return the versions of each package in a lock: several where they differ by the version of Python."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, version in re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE):
        found[name].add(version)
    return found


def short(path: Path) -> str:
    """Return a document's name as the list of tests shows it."""
    return str(path.relative_to(ROOT))


def commands(document: Path) -> Iterator[list[str]]:
    """Return the words of each command that a document tells the reader to type, in fences and between backticks."""
    text = document.read_text()
    lines = [line for language, body in FENCE.findall(text) if language == "sh" for line in body.splitlines()]
    lines += re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
    for line in lines:
        words = line.replace("…", "").split(" #")[0].split()
        while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
            words = words[1:]
        # What follows are SQLMesh's own words.
        if words[:2] == ["leads", "sqlmesh"]:
            words = words[1:]
        if len(words) > 1 and words[0] in {"make", *COMMANDS}:
            yield words


def unknown_part(command: click.Command, words: list[str]) -> str | None:
    """Return the first subcommand or option in `words` that the command does not have, or None."""
    context = click.Context(command)
    rest = iter(words)
    for word in rest:
        if word.startswith("--"):
            known = {
                option: parameter
                for parameter in command.params
                for option in [*parameter.opts, *parameter.secondary_opts]
            }
            name = word.split("=")[0]
            if name not in {*known, "--help"}:
                return word
            if word in known and not getattr(known[word], "is_flag", False):
                next(rest, None)
        elif hasattr(command, "get_command") and not word.startswith(("/", "<")):
            found = command.get_command(context, word)
            if found is None:
                return word
            command = found
    return None


@pytest.mark.parametrize("document", DOCUMENTS, ids=short)
def test_every_command_has_the_subcommands_and_options_that_a_document_names(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    wrong = []
    for words in commands(document):
        if words[0] == "make":
            wrong += [f"make {word}" for word in words[1:] if "=" not in word and word not in targets]
        elif (part := unknown_part(COMMANDS[words[0]], words[1:])) is not None:
            wrong.append(f"{' '.join(words)}: {part}")
    assert wrong == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=short)
def test_every_link_leads_to_a_file(document: Path) -> None:
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", document.read_text()) if not link.startswith("http")]
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=short)
def test_every_project_file_that_a_document_names_is_there(document: Path) -> None:
    folders = "contracts|models|audits|macros|seeds|tests|linter|lead_enrichment|external_models|docs|quality"
    paths = re.findall(rf"`((?:{folders})/[\w./-]*)`", document.read_text())
    paths = [path for path in paths if "utah" not in path]
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=short)
def test_every_model_that_a_document_names_is_there(document: Path) -> None:
    models = {path.stem for path in (ROOT / "models").rglob("*.*") if path.suffix in {".sql", ".py"}}
    named = set(MODEL.findall(document.read_text()))
    assert {name for name in named if name not in models and "utah" not in name} == set()


def test_the_model_map_holds_every_model() -> None:
    folders = ("staging", "intermediate", "dims", "facts", "quality")
    models = {f"{folder}.{path.stem}" for folder in folders for path in (ROOT / "models" / folder).glob("*.*")}
    assert models - set(re.findall(r"^\| `(\w+\.\w+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE)) == set()


def test_make_lists_every_target_that_the_readme_names() -> None:
    listed = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {words[1] for words in commands(ROOT / "README.md") if words[0] == "make"} <= listed


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_names_no_index_and_no_path_of_a_machine(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert re.findall(r"://|--\S*index|--find-links|^/", text, re.MULTILINE) == []


def test_the_lock_holds_every_package_that_the_project_asks_for() -> None:
    asked = asked_for((ROOT / "pyproject.toml").read_text())
    # The extra for developers asks for the project's own other extras.
    assert asked - set(pins("requirements-dev.lock")) == {"lead-enrichment"}


def test_the_lock_for_running_holds_what_running_needs_and_nothing_that_only_tests_need() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    running = asked_for("\n".join(f'  "{needed}"' for needed in project["dependencies"]))
    extras = asked_for(
        "\n".join(f'  "{needed}"' for extra in project["optional-dependencies"].values() for needed in extra)
    )
    assert running - set(pins("requirements.lock")) == set()
    assert extras & set(pins("requirements.lock")) == set()


def test_both_locks_pin_the_same_versions() -> None:
    developing = pins("requirements-dev.lock")
    different = {name: versions for name, versions in pins("requirements.lock").items() if developing[name] != versions}
    assert different == {}


@pytest.mark.parametrize(
    "term",
    ["blocking", "deduplication", "entity resolution", "idempotent", "record linkage", "reverse ETL", "SCD type 2"],
)
def test_whoever_searches_the_documents_for_a_term_of_the_field_finds_it(term: str) -> None:
    assert [short(document) for document in DOCUMENTS if term.lower() in document.read_text().lower()] != []


def test_the_hooks_need_nothing_from_the_network() -> None:
    sources = re.findall(r"repo: (\S+)", (ROOT / ".pre-commit-config.yaml").read_text())
    assert set(sources) == {"local"}


def test_the_change_that_the_readme_shows_touches_the_models_that_it_shows(
    run: Run, own_demo: Path, project_copy: Path
) -> None:
    fences = FENCE.findall((ROOT / "README.md").read_text())
    (change,) = [body for language, body in fences if language == "diff"]
    (shown,) = [body for language, body in fences if "Directly Modified" in body]
    file = re.search(r"^\+\+\+ (?:b/)?(\S+)", change, re.MULTILINE)
    assert file
    (before,) = re.findall(r"^-(?!--)(.*)$", change, re.MULTILINE)
    (after,) = re.findall(r"^\+(?!\+\+)(.*)$", change, re.MULTILINE)

    changed = project_copy / file[1]
    text = changed.read_text()
    assert text.count(before) == 1
    changed.write_text(text.replace(before, after))

    words = ("sqlmesh", "plan", "dev", "-vv", "--no-prompts", "--skip-tests")
    printed = run(*words, data=own_demo, project=project_copy, answer="n\n").stdout
    assert touched(shown)[0] and touched(printed) == touched(shown)


def test_the_results_that_the_readme_shows_are_what_the_commands_print(planned_demo: Path) -> None:
    text = (ROOT / "README.md").read_text()
    shown = [body.rstrip() for language, body in FENCE.findall(text) if language == "text"]
    (typed,) = [body for language, body in FENCE.findall(text) if language == "sh" and "leads match explain" in body]
    assert f"leads demo --facilities {DEMO_FACILITIES} --months {DEMO_MONTHS}\n" in typed
    asked = [line for line in typed.splitlines() if line.startswith(("leads summary", "leads match"))]
    # As wide as the README can show without a scroll bar.
    environment = {**command_environment(planned_demo), "COLUMNS": "100"}
    for command, expected in zip(asked, shown, strict=True):
        words = [*LEADS, *command.split()[1:]]
        printed = subprocess.run(words, env=environment, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        lines = "\n".join(line.rstrip() for line in printed.splitlines())
        assert expected in lines, f"README.md shows otherwise what `{command}` prints now:\n{lines}"


def touched(plan: str) -> tuple[set[str], set[str]]:
    """Return the models that a plan changes directly, and those that change with them."""
    directly: set[str] = set()
    indirectly: set[str] = set()
    section = directly
    for line in plan.partition("Models needing backfill")[0].splitlines():
        if "Directly Modified" in line:
            section = directly
        elif "Indirectly Modified" in line:
            section = indirectly
        section.update(re.findall(r"(\w+__dev\.\w+)", line))
    return directly, indirectly

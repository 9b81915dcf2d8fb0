"""The house as a newcomer finds it: what the documents promise is there, and nothing of this machine is in the tree."""

import re
import subprocess
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from peelian import __version__
from peelian.cli.commands import register
from peelian.jobs.terms import NightTerms, NoticeTerms, Terms
from peelian.models.catalogue import NAMES
from peelian.settings import MailTerms

REPOSITORY = Path(__file__).parents[2]
ROOMS = sorted(p.name for p in (REPOSITORY / "src" / "peelian").iterdir() if p.is_dir() and p.name != "__pycache__")
GUIDES = "\n".join(p.read_text(encoding="utf-8") for p in [REPOSITORY / "README.md", *REPOSITORY.glob("docs/**/*.md")])


def _app() -> typer.Typer:
    app = typer.Typer(rich_markup_mode=None)
    register(app)
    return app


def _commands() -> list[str]:
    root = get_command(_app())
    names = []
    for name, command in sorted(root.commands.items()):  # type: ignore[attr-defined] # a group has commands
        below = sorted(getattr(command, "commands", {}))
        names += [f"{name} {b}" for b in below] or [name]
    return names


def test_program_tells_its_version_and_the_whole_sentence_of_every_command() -> None:
    asked = CliRunner().invoke(_app(), ["--version"])
    assert (asked.exit_code, asked.stdout) == (0, f"peelian {__version__}\n")
    for words in ([], *([c.split()[0]] for c in _commands() if " " in c)):
        told = CliRunner().invoke(_app(), [*words, "--help"]).stdout
        assert "Commands:" in told
        assert "..." not in told.split("Commands:")[1], told
    assert "four years of St. Louis crime" in " ".join(CliRunner().invoke(_app(), []).output.split())


@pytest.mark.parametrize("command", _commands())
def test_every_command_is_in_the_docs(command: str) -> None:
    first, *rest = command.split()
    words = rf"(peelian|\./run) {first}" + (rf"[^\n]*{rest[0]}" if rest else r"\b")
    assert re.search(words, GUIDES), f"docs never show '{command}'"


@pytest.mark.parametrize(
    "key", [f.name for f in (*fields(NightTerms), *fields(Terms)) if f.name not in ("home", "night")]
)
def test_every_setting_is_in_the_docs(key: str) -> None:
    guide = (REPOSITORY / "docs" / "guide" / "night.md").read_text(encoding="utf-8")
    assert f"`{key}`" in guide or f" {key}`" in guide or f"[{key}." in guide


@pytest.mark.parametrize("name", NAMES)
def test_every_model_has_its_page(name: str) -> None:
    pages = "\n".join(p.read_text(encoding="utf-8") for p in (REPOSITORY / "docs" / "methods").glob("*.md"))
    assert f"`{name}`" in pages or name in {p.stem for p in (REPOSITORY / "docs" / "methods").glob("*.md")}


@pytest.mark.parametrize(
    "page", sorted(str(p.relative_to(REPOSITORY)) for p in [REPOSITORY / "README.md", *REPOSITORY.glob("docs/**/*.md")])
)
def test_every_link_between_pages_leads_somewhere(page: str) -> None:
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (REPOSITORY / page).parent.joinpath(target).exists(), f"{page} points to {target}"


def test_lock_file_names_no_host() -> None:
    assert "://" not in (REPOSITORY / "requirements.lock").read_text(encoding="utf-8")


def test_lock_file_pins_everything_the_project_asks_for() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    lock = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8").lower()
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    wanted += [w for extra in project["project"]["optional-dependencies"].values() for w in extra]
    for requirement in wanted:
        name = re.split(r"[\[<>=;~ ]", requirement)[0].lower()
        assert re.search(rf"^{re.escape(name)}==", lock, re.MULTILINE), name


def test_tree_holds_no_path_of_this_machine() -> None:
    listed = subprocess.run(
        ["git", "grep", "-lIF", f"{REPOSITORY}/", "--", "."],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert listed.stdout == ""


def test_every_sample_says_where_it_comes_from() -> None:
    for folder in sorted((REPOSITORY / "examples").iterdir()):
        if folder.is_dir() and folder.name != "__pycache__":
            assert (folder / "PROVENANCE.md").exists(), folder.name


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_says_what_lives_in_it(room: str) -> None:
    text = (REPOSITORY / "src" / "peelian" / room / "__init__.py").read_text(encoding="utf-8")
    assert text.startswith('"""')
    assert len(text) > 60


@pytest.mark.parametrize("key", [f.name for f in (*fields(NoticeTerms), *fields(MailTerms))])
def test_every_setting_of_notices_is_in_their_guide(key: str) -> None:
    guide = (REPOSITORY / "docs" / "guide" / "notices.md").read_text(encoding="utf-8")
    assert f"] {key}`" in guide or f"`{key}`" in guide

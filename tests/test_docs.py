"""What the pages promise is there: every setting is described, every link leads somewhere, every command exists."""

import re
import subprocess
from pathlib import Path
from typing import Final, get_args, get_type_hints

import msgspec
import pytest

from server.settings import Settings, variable
from tests.support.ronda import COMMAND, ROOT

PAGES: Final = sorted(
    path for path in [*ROOT.glob("*.md"), ROOT / "deploy/README.md", ROOT / "server/data/SOURCES.md"] if path.is_file()
)
CODE: Final = re.compile(r"```\w*\n(.*?)```|`([^`\n]+)`", re.DOTALL)
NAMED_COMMAND: Final = re.compile(r"(?:^ *|bin/)ronda ([a-z][a-z-]+)(?= |$)", re.MULTILINE)
LINK: Final = re.compile(r"""(?:\]\(|src=")(?!https?://|#|mailto:)([^)#"]+)""")


def described_settings() -> list[tuple[str, str, str]]:
    """Variable, default and description of each setting, in the order of settings.py."""
    hints = get_type_hints(Settings, include_extras=True)
    rows: list[tuple[str, str, str]] = []
    for field in msgspec.structs.fields(Settings):
        metas = [note for note in get_args(hints[field.name]) if isinstance(note, msgspec.Meta)]
        notes = [meta.description for meta in metas if meta.description]
        assert len(notes) == 1, f"{field.name} needs a description"
        rows.append((variable(field.name), str(field.default), notes[0]))
    return rows


def row_of(name: str, default: str, description: str) -> str:
    shown = f"`{default}`" if default else "–"
    return f"| `{name}` | {shown} | {description} |"


def test_readme_describes_every_setting() -> None:
    expected = [row_of(*setting) for setting in described_settings()]
    table = [line for line in (ROOT / "README.md").read_text("utf-8").splitlines() if line.startswith("| `RONDA_")]
    assert table == expected


def test_the_example_environment_names_every_setting_with_its_default() -> None:
    lines = (ROOT / "deploy/ronda.env.example").read_text("utf-8").splitlines()
    named = {line.removeprefix("#").partition("=")[0]: line for line in lines if re.match(r"#?RONDA_\w+=", line)}
    assert list(named) == [name for name, _, _ in described_settings()]
    for name, default, _ in described_settings():
        if named[name].startswith("#"):
            assert named[name] == f"#{name}={default}"


@pytest.mark.parametrize("document", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_between_pages_lead_somewhere(document: Path) -> None:
    text = document.read_text("utf-8")
    assert [link for link in LINK.findall(text) if not (document.parent / link).exists()] == []


def commands_in_pages() -> list[str]:
    """Each `ronda <command>` that a page tells a person to type."""
    text = code_of("\n".join(page.read_text("utf-8") for page in PAGES))
    return sorted(set(NAMED_COMMAND.findall(text)))


def code_of(text: str) -> str:
    """The parts of a page that are set as code, one in a line."""
    return "\n".join(block or inline for block, inline in CODE.findall(text))


def test_every_command_that_a_page_names_exists_and_has_help() -> None:
    named = commands_in_pages()
    assert {"seal", "migrate", "application"} <= set(named)
    for command in named:
        result = subprocess.run([*COMMAND, command, "--help"], cwd=ROOT, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr


def test_every_target_that_a_page_names_is_in_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    text = code_of("\n".join(page.read_text("utf-8") for page in PAGES))
    assert set(re.findall(r"^make ([a-z]+)", text, re.MULTILINE)) <= targets


@pytest.mark.parametrize("package", ["server", "sync"])
def test_the_map_of_the_architecture_shows_every_module(package: str) -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    shown = re.search(rf"^{package}/ .*?(?=^\S)", text, re.DOTALL | re.MULTILINE)
    assert shown is not None
    modules = {
        path.stem for path in (ROOT / package).iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    words = set(re.findall(r"\w+", shown[0]))
    assert modules - {"__init__"} <= words

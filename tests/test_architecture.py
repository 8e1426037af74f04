"""The house keeps its own rules: layers, purity, short files, a test for each rule of SPEC.md, locks without hosts."""

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent
SOURCES: Final = {".py", ".ts", ".svelte", ".css", ".html", ".js", ".sh", ".toml", ".yaml", ".yml"}
# What tools write: wire types, and the steps of the schema as alembic lists them.
GENERATED: Final = ("pwa/src/shared/protocol.ts", "pwa/package-lock.json", "server/migrations/versions/")
LONGEST_FILE: Final = 300
LONGEST_FUNCTION: Final = 50

RULE: Final = re.compile(r"^- \*\*([A-Z]\d+)\*\*", re.MULTILINE)
# A test names its rules in its name (test_M5_…, test_B3_B6_…, "[M5] …") or in its docstring.
TITLE: Final = re.compile(r"\b(?:test|it|describe)(?:\.\w+)*\(\s*['\"`](.*)['\"`]")
NAMED: Final = re.compile(r"(?<![A-Za-z0-9])([MWBPNADTF]\d{1,2})(?![A-Za-z0-9])")


def tracked() -> list[Path]:
    """The files that are committed or about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return sorted(path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file())


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def sources(*folders: str) -> list[Path]:
    """The hand-written source files, below the folders when some are named."""
    return [
        path
        for path in tracked()
        if path.suffix in SOURCES
        and not name_of(path).startswith(GENERATED)
        and (not folders or name_of(path).startswith(tuple(f"{folder}/" for folder in folders)))
    ]


def python_of(*folders: str) -> list[Path]:
    return [path for path in sources(*folders) if path.suffix == ".py"]


def imported(path: Path) -> set[str]:
    """The modules that a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return names


def rules() -> set[str]:
    return set(RULE.findall((ROOT / "sync/SPEC.md").read_text("utf-8")))


def rules_named_by_tests() -> set[str]:
    python = (title for path in python_of("tests") for title in titles_of_python(path.read_text("utf-8")))
    typescript = (title for path in sources("pwa") for title in TITLE.findall(path.read_text("utf-8")))
    return {rule for title in (*python, *typescript) for rule in rules_named_in(title)}


def titles_of_python(text: str) -> list[str]:
    """Names and docstrings of the tests in a file."""
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [f"{node.name} {ast.get_docstring(node)}" for node in functions if node.name.startswith("test_")]


def rules_named_in(title: str) -> set[str]:
    return set(NAMED.findall(title.replace("_", " ")))


def test_imports_go_one_way() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_every_rule_is_held_by_a_test() -> None:
    missing = sorted(rules() - rules_named_by_tests(), key=lambda rule: (rule[0], int(rule[1:])))
    assert not missing, f"no test names {', '.join(missing)}"


def test_no_test_names_a_rule_that_does_not_exist() -> None:
    assert rules_named_by_tests() <= rules()


def test_rules_are_found_as_people_write_them() -> None:
    assert rules_named_in("test_M5_the_same [B12] W3, P1. utf8 V8 abcM1") == {"M5", "B12", "W3", "P1"}


def test_sync_is_pure() -> None:
    allowed = sys.stdlib_module_names | {"msgspec", "sync"}
    impure = {"time", "random", "secrets", "socket", "asyncio", "threading", "subprocess", "os", "sqlite3"}
    for path in python_of("sync"):
        heads = {name.partition(".")[0] for name in imported(path)}
        assert heads <= allowed - impure, name_of(path)


def test_only_the_store_speaks_sql() -> None:
    speakers = ("server/store/", "server/tables/", "server/migrations/")
    for path in python_of("server", "sync"):
        heads = {name.partition(".")[0] for name in imported(path)}
        assert not heads & {"sqlmodel", "sqlalchemy", "alembic"} or name_of(path).startswith(speakers), name_of(path)


@pytest.mark.parametrize("call", ["datetime.now(", ".utcnow(", "date.today(", "time.time(", "time.time_ns("])
def test_only_the_clock_knows_what_time_it_is(call: str) -> None:
    tellers = [name_of(path) for path in python_of("server", "sync") if call in path.read_text("utf-8")]
    assert tellers in ([], ["server/clock.py"])


def test_files_are_short() -> None:
    lengths = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in sources()}
    assert not {name: length for name, length in lengths.items() if length >= LONGEST_FILE}


def test_functions_are_short() -> None:
    for path in python_of():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, f"{name_of(path)}: {node.name}"


def test_every_module_of_the_product_says_what_it_is_for() -> None:
    silent = [
        name_of(path) for path in python_of("server", "sync") if not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not silent


def test_nothing_is_left_for_later() -> None:
    words = re.compile(r"\b(TO" r"DO|FIX" r"ME|X{3})\b")
    assert not [name_of(path) for path in sources() if words.search(path.read_text("utf-8"))]


def test_no_file_is_a_drawer_for_odd_things() -> None:
    drawers = {"utils", "util", "helpers", "misc", "common"}
    assert not [name_of(path) for path in sources() if path.stem in drawers or path.parent.name in drawers]


def test_locks_name_no_host_and_no_path() -> None:
    locks = [path for path in tracked() if path.name in {"requirements.lock", "package-lock.json"}]
    assert len(locks) == 3
    for path in locks:
        text = path.read_text("utf-8")
        assert "--index-url" not in text
        assert '"resolved"' not in text
        if path.suffix == ".lock":
            assert "://" not in text


def test_every_python_package_is_locked_by_hash() -> None:
    for path in (ROOT / "requirements.lock", ROOT / "tests/requirements.lock"):
        pins = re.split(r"\n(?=[a-zA-Z0-9])", path.read_text("utf-8").partition("\n#    make lock\n")[2])
        assert pins
        assert all(re.match(r"[\w.-]+==\S+", pin) and "--hash=sha256:" in pin for pin in pins)

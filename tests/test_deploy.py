"""What an operator is given holds together: it is linted, and the commands in it are run, outside of a container."""

import json
import re
import shutil
import subprocess
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from server.settings import Settings, variable

ROOT: Final = Path(__file__).parent.parent
DEPLOY: Final = ROOT / "deploy"
UNITS: Final = sorted((DEPLOY / "systemd").glob("*.service"))
INSTRUCTIONS: Final = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "CMD"}


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    return loaded


def dockerfile() -> list[tuple[str, str]]:
    """Instruction and arguments of each line, with continued lines joined."""
    text = (DEPLOY / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in lines]


def unit(path: Path) -> dict[str, str]:
    """The settings of a unit, by their names; of those given twice the last."""
    pairs = (line.partition("=") for line in path.read_text("utf-8").splitlines() if "=" in line and line[0] != "#")
    return {name: value for name, _, value in pairs}


def in_image(source: str) -> bool:
    """Whether a file of the repository is sent to the build, by the last matching line of the ignore file."""
    sent = True
    for line in (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").splitlines():
        pattern = line.removeprefix("!")
        if pattern == "*" or fnmatch(source, pattern) or source.startswith(f"{pattern}/"):
            sent = line.startswith("!")
    return sent


def test_the_dockerfile_copies_what_is_there_and_sent() -> None:
    assert {name for name, _ in dockerfile()} <= INSTRUCTIONS
    stages = {arguments.split()[-1] for name, arguments in dockerfile() if name == "FROM" and " AS " in arguments}
    for name, arguments in dockerfile():
        if name == "COPY":
            *sources, _target = arguments.split()
            if sources[0].startswith("--from="):
                assert sources[0].removeprefix("--from=") in stages
                continue
            assert all((ROOT / source).exists() and in_image(source) for source in sources), arguments


def test_the_image_leaves_out_what_is_made_or_secret() -> None:
    assert not any(in_image(path) for path in ("var/ronda.db", ".venv/bin/ronda", "pwa/dist/x", "deploy/ronda.env"))


def test_the_image_does_not_run_as_root() -> None:
    names = [name for name, _ in dockerfile()]
    assert names.index("USER") < names.index("CMD")
    assert ("USER", "ronda") in dockerfile()


def test_what_the_image_runs_to_build_itself_exists() -> None:
    scripts = json.loads((ROOT / "pwa/package.json").read_text("utf-8"))["scripts"]
    ran = " ".join(arguments for name, arguments in dockerfile() if name == "RUN")
    assert set(re.findall(r"npm run (\w+)", ran)) <= set(scripts)
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert set(re.findall(r"&& make (\w+)|^make (\w+)", ran)) <= {(target, "") for target in targets}


def test_compose_has_what_a_city_needs() -> None:
    services = compose()["services"]
    assert set(services) == {"database", "migrate", "server-a", "server-b", "worker", "caddy"}
    assert [name for name, service in services.items() if "ports" in service] == ["caddy"]


def test_compose_refers_to_nothing_that_is_missing() -> None:
    whole = compose()
    for service in whole["services"].values():
        assert set(service.get("depends_on", ())) <= set(whole["services"])
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in whole["volumes"] or (DEPLOY / source).exists()
        if "build" in service:
            assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).exists()


def test_compose_sets_only_settings_that_there_are() -> None:
    known = {variable(field) for field in Settings.__struct_fields__}
    services = [service for service in compose()["services"].values() if service["image"] == "ronda"]
    assert len(services) == 4
    for service in services:
        assert {name for name in service["environment"] if name.startswith("RONDA_")} <= known


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_is_confined(path: Path) -> None:
    settings = unit(path)
    assert settings["User"] == "ronda"
    assert settings["ProtectSystem"] == "strict"
    assert settings["NoNewPrivileges"] == "yes"
    assert settings["CapabilityBoundingSet"] == ""


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    for path in UNITS:
        text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", path.read_text("utf-8"), flags=re.MULTILINE)
        (tmp_path / path.name).write_text(text, "utf-8")
    command = ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("caddy") is None, reason="caddy is not installed")
def test_caddy_takes_the_caddyfile() -> None:
    command = ["caddy", "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_the_caddyfile_reads_what_compose_gives_it() -> None:
    text = (DEPLOY / "Caddyfile").read_text("utf-8")
    assert set(re.findall(r"\{\$(\w+)", text)) == set(compose()["services"]["caddy"]["environment"])
    assert text.count("{") == text.count("}")

"""The image, the compose file and the systemd unit: what they run, as whom, and what they leave out."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from configparser import ConfigParser
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import Settings
from bot.shards import Shards
from index.storage.shared_storage import storage_at

ROOT = Path(__file__).parents[3]
UNIT = ROOT / "bot" / "operations" / "footnote.service"
SECRETS = (
    ".env",
    ".env.example",
    "bot/.env",
    ".footnote/footnote.sqlite3",
    ".git/config",
    "backup.tar",
    "tests/x.py",
)


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's, in order: (FROM, python:…)."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)).splitlines()
    return [(line.partition(" ")[0], line.partition(" ")[2].strip()) for line in lines if line.strip()]


def last_stage() -> list[tuple[str, str]]:
    every = instructions()
    return every[max(number for number, (name, _) in enumerate(every) if name == "FROM") :]


def of_name(name: str) -> list[str]:
    return [value for one, value in last_stage() if one == name]


def variables() -> dict[str, str]:
    return dict(pair.split("=", 1) for value in of_name("ENV") for pair in value.split())


def compose(folder: Path = ROOT) -> dict[str, Any]:
    service: dict[str, Any] = yaml.safe_load((folder / "compose.yaml").read_text(encoding="utf-8"))
    return service


def unit() -> ConfigParser:
    parser = ConfigParser(interpolation=None, delimiters=("=",), strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(UNIT, encoding="utf-8")
    return parser


def test_base_images_are_pinned_to_a_release() -> None:
    bases = [value.split()[0] for name, value in instructions() if name == "FROM"]
    assert len(set(bases)) == 1  # what is built in one is run in the same
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-bookworm(?:@sha256:[0-9a-f]{64})?", bases[0])


def test_packages_are_pinned_and_torch_is_its_cpu_build() -> None:
    installs = [value for name, value in instructions() if name == "RUN" and "pip install" in value]
    assert len(installs) == 1
    assert "--constraint constraints.txt" in installs[0]
    assert "SOURCE_DATE_EPOCH=" in installs[0]  # else the bytecode is taken for older than its source
    assert ("ARG", "TORCH_INDEX=https://download.pytorch.org/whl/cpu") in instructions()
    assert '--extra-index-url "$TORCH_INDEX"' in installs[0]
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert all(re.fullmatch(r"#.*|[\w.-]+==[\w.]+", pin) for pin in pins)
    assert any(pin.startswith("torch==") for pin in pins)


def test_it_runs_as_nobody_who_may_do_anything() -> None:
    (user,) = of_name("USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    names = [name for name, _ in last_stage()]
    assert names.index("USER") > max(number for number, name in enumerate(names) if name in ("RUN", "COPY"))
    assert f"--uid {user.split(':')[0]} " in of_name("RUN")[0]


def test_onnxruntime_tells_nobody_of_it() -> None:
    """Its releases report what they do to their makers, unless they are told not to."""
    assert variables()["ORT_DISABLE_TELEMETRY"] == "1"
    assert "ORT_DISABLE_TELEMETRY=1" in unit()["Service"]["Environment"].split()


def test_its_health_is_what_the_page_says() -> None:
    (check,) = of_name("HEALTHCHECK")
    command = json.loads(check[check.index("CMD") + 3 :])
    port = variables()["FOOTNOTE_STATUS_PORT"]
    assert f"http://127.0.0.1:{port}/healthz" in command[-1]
    assert of_name("EXPOSE") == [port]
    compile(command[-1], "healthcheck", "exec")


def test_it_stops_well_and_takes_its_command_as_a_list() -> None:
    assert of_name("STOPSIGNAL") == ["SIGTERM"]
    assert [json.loads(value) for name in ("ENTRYPOINT", "CMD") for value in of_name(name)] == [
        ["footnote"],
        ["run"],
    ]


def test_no_secret_gets_into_the_image() -> None:
    for name, value in instructions():
        assert not (name in ("ENV", "ARG") and re.search("token|secret|password", value, re.IGNORECASE))
        if name == "COPY" and not value.startswith("--from="):
            *sources, _ = value.split()
            assert set(sources) <= {
                "bot",
                "index",
                "pyproject.toml",
                "constraints.txt",
                "README.md",
                "LICENSE",
            }
        assert name != "ADD"
    assert [path for path in SECRETS if goes_in(path)] == []
    assert goes_in("bot/client.py")
    assert goes_in("index/reader/weights/reader.onnx")
    assert goes_in("index/reader/weights/verdicts.onnx")
    assert goes_in("bot/locales/de.po")


def goes_in(path: str) -> bool:
    """Whether .dockerignore lets a file through: the last rule that fits it, or a folder above, decides."""
    parts, goes = path.split("/"), True
    above = {"/".join(parts[:count]) for count in range(1, len(parts) + 1)}
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        rule = line.removeprefix("!")
        anywhere = rule.removeprefix("**/")
        if rule == "*" or rule in above or (rule != anywhere and any(fnmatch(p, anywhere) for p in parts)):
            goes = line.startswith("!")
    return goes


def test_compose_runs_one_process_with_a_volume_and_no_more_rights_than_it_needs() -> None:
    (service,) = compose()["services"].values()
    (volume,) = service["volumes"]
    assert volume.split(":") == [*compose()["volumes"], "/data"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert "DISCORD_TOKEN" not in service["environment"]
    assert "deploy" not in service


def test_compose_of_many_has_each_shard_once_a_worker_and_what_they_share_that_no_port_leads_to() -> None:
    services = compose(UNIT.parent)["services"]
    database, storage = services.pop("database"), services.pop("storage")
    assert "ports" not in {*database, *storage}
    assert re.fullmatch(r"postgres:\d+\.\d+-bookworm", database["image"])
    assert re.fullmatch(r"dxflrs/garage:v\d+\.\d+\.\d+", storage["image"])
    shards: list[int] = []
    volumes: list[str] = []
    for service in services.values():
        rights = {name: service[name] for name in ("read_only", "cap_drop", "security_opt", "tmpfs", "init")}
        assert rights == {name: compose()["services"]["footnote"][name] for name in rights}
        (volume,) = service["volumes"]
        volumes.append(volume.removesuffix(":/data"))
        assert service["depends_on"] == {
            name: {"condition": "service_healthy"} for name in ("database", "storage")
        }
        assert (UNIT.parent / service["build"]).resolve() == ROOT
        assert (UNIT.parent / service["env_file"]).resolve() == ROOT / ".env"
        name, *options = service["command"]
        if name == "run":
            ids = Shards.parse(options[1])
            assert ids.count == 2
            shards += ids.ids or ()
        else:
            assert (name, options) == ("worker", [])
    assert (shards, len(services)) == ([0, 1], 3)
    assert sorted({*volumes, "database", "storage"}) == sorted(compose(UNIT.parent)["volumes"])
    assert len(set(volumes)) == 3  # as on machines of their own
    ports = [port for service in services.values() for port in service["ports"]]
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert len(set(ports)) == 3
    text = (UNIT.parent / "compose.yaml").read_text(encoding="utf-8")
    assert "postgresql://footnote:…the same…@database/footnote" in text  # where no password stands
    (address,) = re.findall(r"FOOTNOTE_STORAGE_URL=(\S+)", text)
    settings = compose(UNIT.parent)["configs"]["storage"]["content"]
    bucket = storage["environment"]["GARAGE_DEFAULT_BUCKET"]
    assert address.endswith(f"@{bucket}/indexes?endpoint=http://storage:3900&region=garage")
    assert 's3_region = "garage"' in settings
    assert 'api_bind_addr = "[::]:3900"' in settings
    assert storage_at(address).name == f"s3://{bucket}/indexes"
    assert '".[postgresql,storage]"' in (ROOT / "Dockerfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("where", ["image", "compose", "many", "unit"])
def test_settings_that_are_set_are_settings(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (service,) = compose()["services"].values()
    pairs = unit()["Service"]["Environment"].split()
    given = {
        "image": variables(),
        "compose": service["environment"],
        "many": compose(UNIT.parent)["services"]["worker"]["environment"],
        "unit": dict(pair.split("=", 1) for pair in pairs),
    }[where]
    own = {name: value for name, value in given.items() if name.startswith("FOOTNOTE_")}
    assert {name.removeprefix("FOOTNOTE_").lower() for name in own} <= set(Settings.model_fields)
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    folder = Settings().data_dir
    # `footnote restore` renames beside it, so the folder above has to be the one that can be written.
    assert str(folder.parent) == ("/var/lib/footnote" if where == "unit" else "/data")


def test_the_unit_runs_without_rights_and_stops_well() -> None:
    service = unit()["Service"]
    assert service["User"] == "footnote"
    assert service["ExecStart"].endswith("/footnote run")
    assert service["NoNewPrivileges"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""
    assert service["RestartPreventExitStatus"] == "2"  # see bot/cli/errors.py
    assert int(service["TimeoutStopSec"]) > 20


def test_systemd_finds_the_unit_sound() -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    done = subprocess.run(
        [analyze, "security", "--offline=true", "--threshold=25", str(UNIT)],
        capture_output=True,
        text=True,
        check=False,
    )
    if "Failed to" in done.stderr or "Unknown" in done.stderr:
        pytest.skip(f"systemd-analyze cannot tell here: {done.stderr}")
    assert done.returncode == 0, done.stdout

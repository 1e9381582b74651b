"""What runs the bundled model: measured once a machine, and only where torch may be faster."""

from __future__ import annotations

import subprocess
import sys
from multiprocessing import TimeoutError as Late
from pathlib import Path

import pytest

from index.library import encoder_choice
from index.library.encoder_choice import Measurement, fastest_runtime, passages_per_second
from index.library.library import Library
from index.search.bfloat16_encoder import Bfloat16Encoder
from index.search.onnx_encoder import OnnxEncoder
from index.search.torch_encoder import TorchEncoder

_ENCODERS = {"onnx": OnnxEncoder, "bfloat16": Bfloat16Encoder, "torch": TorchEncoder}
SPEEDS = {"onnx": 20.0, "torch": 90.0}


class Machine:
    """A machine whose torch may use a graphics card; counts how often it is measured."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, torch: str) -> None:
        self.measured_times = 0
        self.torch = torch
        self.error: Exception | None = None
        monkeypatch.setattr(encoder_choice, "version", lambda name: self.torch if name == "torch" else "1")
        monkeypatch.setattr(encoder_choice, "get_context", {"spawn": self}.__getitem__)

    def Pool(self, processes: int) -> Machine:  # noqa: N802 - as multiprocessing has it
        assert processes == 1
        return self

    def __enter__(self) -> Machine:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def apply_async(self, work: object) -> Machine:
        assert work is passages_per_second
        return self

    def get(self, timeout: float) -> dict[str, float]:
        assert timeout > 0
        self.measured_times += 1
        if self.error is not None:
            raise self.error
        return SPEEDS


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch, "2.13.0")


def test_it_is_measured_once(machine: Machine, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "of"
    assert [fastest_runtime(folder) for _ in range(3)] == ["torch"] * 3
    assert machine.measured_times == 1
    assert (
        Measurement.model_validate_json((folder / "encoder.json").read_bytes()).passages_per_second == SPEEDS
    )


def test_another_version_is_measured_anew(machine: Machine, tmp_path: Path) -> None:
    fastest_runtime(tmp_path)
    machine.torch = "2.14.0"
    assert fastest_runtime(tmp_path) == "torch"
    assert machine.measured_times == 2


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"\xff", b'{"machine": "", "passages_per_second": {"abacus": 1}}']
)
def test_a_damaged_note_is_written_anew(machine: Machine, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "encoder.json").write_bytes(content)
    assert [fastest_runtime(tmp_path) for _ in range(2)] == ["torch"] * 2
    assert machine.measured_times == 1


def test_a_folder_that_cannot_be_written_to_costs_the_measurement_only(
    machine: Machine, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    assert [fastest_runtime(tmp_path / "file") for _ in range(2)] == ["torch"] * 2
    assert machine.measured_times == 2


def test_what_cannot_be_measured_is_not_remembered(
    machine: Machine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    machine.error = Late("it took too long")
    assert fastest_runtime(tmp_path) == "onnx"
    assert caplog.messages == [
        "What runs the embedding model faster could not be measured: it took too long."
    ]
    machine.error = None
    assert fastest_runtime(tmp_path) == "torch"


def test_a_torch_for_processors_alone_is_not_measured(machine: Machine, tmp_path: Path) -> None:
    machine.torch = "2.13.0+cpu"
    assert fastest_runtime(tmp_path) == "onnx"
    assert machine.measured_times == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("encoder", ["onnx", "bfloat16", "torch"])
def test_what_is_set_is_not_measured(machine: Machine, tmp_path: Path, encoder: str) -> None:
    embedder = Library(tmp_path, encoder=encoder).models().embedder  # type: ignore[arg-type]
    assert type(embedder._model.encoder) is _ENCODERS[encoder]  # type: ignore[attr-defined]
    assert machine.measured_times == 0


@pytest.mark.slow
def test_both_are_measured_in_a_process_of_their_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(encoder_choice, "version", lambda _: "1")
    runtime = fastest_runtime(tmp_path)
    speeds = Measurement.model_validate_json((tmp_path / "encoder.json").read_bytes()).passages_per_second
    assert sorted(speeds) == ["onnx", "torch"]
    assert all(speed > 0.1 for speed in speeds.values())
    assert speeds[runtime] == max(speeds.values())


@pytest.mark.slow
def test_no_torch_is_imported_to_answer_a_question(tmp_path: Path) -> None:
    """Nor is transformers: they take seconds and a gigabyte."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom index import Library, import_model_libraries\n"
        "folder = Path(sys.argv[1])\n"
        "import_model_libraries(folder, embedding_model=None, encoder='onnx', reranker=None)\n"
        "library = Library(folder, encoder='onnx')\n"
        "library.load()\nassert library.ask('Where did the letter come from?').answer.status\n"
        "print(sorted({'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=120, check=False
    )
    assert (ran.stdout, ran.returncode) == ("[]\n", 0), ran.stderr

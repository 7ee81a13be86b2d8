import sys
from pathlib import Path

import pytest

import himapp
from himapp import paths


def test_resources_stand_beside_the_package() -> None:
    assert paths.resources_dir() == Path(himapp.__file__).resolve().parents[1] / "resources"
    assert paths.weights_path() == paths.resources_dir() / "weights" / "e2e_him_lite.safetensors"
    assert paths.weights_manifest_path().parent == paths.weights_path("other").parent


def test_a_frozen_program_finds_its_unpacked_resources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    assert paths.resources_dir() == tmp_path / "resources"
    assert paths.samples_dir() == tmp_path / "resources" / "samples"
    assert paths.licences_dir() == tmp_path / "resources" / "licences"


@pytest.mark.parametrize(
    ("platform", "settings", "logs"),
    [
        ("linux", ".config/himapp", ".local/state/himapp/logs"),
        ("darwin", "Library/Application Support/himapp", "Library/Logs/himapp"),
        ("win32", "AppData/Roaming/himapp", "AppData/Local/himapp/logs"),
    ],
)
def test_each_platform_has_its_own_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, settings: str, logs: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for variable in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.delenv(variable, raising=False)
    assert paths.settings_dir() == tmp_path / settings
    assert paths.log_dir() == tmp_path / logs


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="XDG names folders on Linux")
def test_xdg_variables_count_when_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert paths.settings_path() == tmp_path / "himapp" / "settings.json"
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    assert paths.settings_dir() == Path.home() / ".config" / "himapp"


def test_a_name_is_always_printable() -> None:
    assert paths.display_name(Path("/a/Åsa 人.jpg")) == "Åsa 人.jpg"
    assert paths.display_name(Path("/a/bad\udcff.jpg")) == "bad?.jpg"
    assert paths.display_name(Path("/")) == "/"

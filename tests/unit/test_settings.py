import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from himapp.errors import ExportError
from himapp.settings import Settings, load_settings, remember_file, save_settings

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
choices = st.builds(
    Settings,
    device=st.sampled_from(["auto", "cpu", "cuda"]),
    quality=st.sampled_from(["draft", "normal", "best"]),
    recent_files=st.lists(texts, max_size=10).map(tuple),
    export_folder=texts,
    export_shows_more=st.booleans(),
    export_presets=st.dictionaries(texts, st.dictionaries(texts, st.integers()), max_size=3),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(chosen=choices)
def test_settings_come_back_as_saved(tmp_path: Path, chosen: Settings) -> None:
    file = tmp_path / "new folder" / "settings.json"
    save_settings(chosen, file)
    assert load_settings(file) == chosen


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"device": "cp', b"[" * 100_000]
)
def test_a_damaged_file_gives_the_defaults(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "settings.json"
    file.write_bytes(content)
    assert load_settings(file) == Settings()


def test_a_missing_file_gives_the_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "settings.json") == Settings()


def test_only_what_does_not_fit_gets_its_default(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    stored = {
        "device": ["cpu"],
        "quality": "better",
        "photo_folder": "photos",
        "recent_files": [1],
        "export_shows_more": 0,
        "export_presets": [],
        "from_a_later_version": 1,
    }
    file.write_text(json.dumps(stored))
    assert load_settings(file) == Settings(photo_folder="photos")


def test_the_users_own_file_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("himapp.settings.settings_path", lambda: tmp_path / "a" / "s.json")
    save_settings(Settings(device="cpu"))
    assert load_settings().device == "cpu"


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ExportError, match="cannot be made"):
        save_settings(Settings(), tmp_path / "file" / "settings.json")


def test_recent_files_are_few_and_each_named_once() -> None:
    recent = tuple(f"{n}.jpg" for n in range(10))
    assert remember_file(recent, "5.jpg") == ("5.jpg", *recent[:5], *recent[6:])
    assert remember_file(recent, "new.jpg") == ("new.jpg", *recent[:9])

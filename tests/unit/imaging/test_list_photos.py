from pathlib import Path

import pytest

from himapp.errors import PhotoError
from himapp.imaging.photo_io import list_photos


def test_a_folder_means_its_photos_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b.JPG", "A.png", "c.tiff", "notes.txt", "._b.JPG"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "folder.png").mkdir()
    assert [path.name for path in list_photos(tmp_path)] == ["A.png", "b.JPG", "c.tiff"]
    assert list_photos(tmp_path / "notes.txt") == [tmp_path / "notes.txt"]
    with pytest.raises(PhotoError, match="does not exist"):
        list_photos(tmp_path / "gone")


@pytest.mark.parametrize("step", ["stat", "iterdir"])
@pytest.mark.parametrize(
    ("error", "reason"),
    [(PermissionError(13, "no"), "permission denied"), (OSError(5, "I/O"), "from its disk")],
)
def test_what_the_system_refuses_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: OSError, reason: str
) -> None:
    def refuse(self: Path, **_: object) -> None:
        raise error

    monkeypatch.setattr(Path, step, refuse)
    with pytest.raises(PhotoError, match=rf"locked.*{reason}\.$"):
        list_photos(tmp_path / "locked" if step == "stat" else make_folder(tmp_path / "locked"))


def make_folder(path: Path) -> Path:
    path.mkdir()
    return path


def test_what_cannot_be_a_path_is_refused_in_a_sentence() -> None:
    with pytest.raises(PhotoError, match=r"\.$"):
        list_photos(Path("a\0b.jpg"))
    with pytest.raises(PhotoError, match="does not exist"):
        list_photos(Path(__file__) / "a.jpg")

import sys
from pathlib import Path

import pytest
from PIL import Image

from himapp.errors import PhotoError
from himapp.imaging.photo_io import read_photo
from himapp.imaging.readers import limits
from himapp.imaging.readers.limits import available_memory, check_size, pixel_bytes


def test_a_photo_that_would_not_fit_is_refused_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "large.png"
    Image.new("RGB", (4000, 3000)).save(path)
    monkeypatch.setattr(limits, "available_memory", lambda: 100_000_000)
    with pytest.raises(PhotoError) as caught:
        read_photo(path)
    assert str(caught.value) == (
        "“large.png” (4000 × 3000 pixels) needs 132 MB of memory to open, and 100 MB are free."
    )
    monkeypatch.setattr(limits, "available_memory", lambda: 400_000_000)
    assert read_photo(path).width == 4000


def test_where_the_system_does_not_say_only_the_fixed_limit_holds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "available_memory", lambda: None)
    check_size("a.png", 2**15, 2**15, pixel_bytes(3, 16))
    with pytest.raises(PhotoError, match="up to 1 gigapixel"):
        check_size("a.png", 2**15 + 1, 2**15, 1)


def test_no_side_may_be_nothing() -> None:
    with pytest.raises(ValueError, match="0 × 5"):
        check_size("a.png", 0, 5, 1)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not say")
def test_the_system_says_what_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = available_memory()
    assert free is not None
    assert free > 10_000_000
    monkeypatch.setattr(limits, "_MEMINFO", tmp_path / "none")
    installed = available_memory()
    assert installed is not None
    assert installed >= free

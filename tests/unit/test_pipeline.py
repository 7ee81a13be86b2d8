import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from himapp.errors import Cancelled, WeightsError
from himapp.inference.session import (
    CancelToken,
    InstanceMatte,
    MattingResult,
    ProgressCallback,
    ignore_progress,
)
from himapp.pipeline import PhotoFailure, PhotoReport, gather_photos, matte_photos
from himapp.run_files import name_folders


class FakeSession:
    """Finds a given number of people, each a column of the photo, left to right."""

    device = "Fake (1 thread)"

    def __init__(self, people: int = 2, error: Exception | None = None) -> None:
        self.people = people
        self.error = error

    def find_people(
        self,
        pixels: Any,
        *,
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> MattingResult:
        if self.error:
            raise self.error
        (progress or ignore_progress)("find", 0, 1)
        height = pixels.shape[0]
        people = tuple(
            InstanceMatte(np.full((height, 1), 65535, np.uint16), n, 0, 0.9, (n, 0, n + 1, height))
            for n in range(self.people)
        )
        return MattingResult(people, {"find": 0.5}, self.device, ("A note.",))


class GatedSession(FakeSession):
    """Works until it is cancelled, like a long stage that looks at its token."""

    def __init__(self) -> None:
        super().__init__()
        self.has_started = threading.Event()

    def find_people(
        self,
        pixels: Any,
        *,
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> MattingResult:
        assert cancel is not None
        self.has_started.set()
        while True:
            cancel.raise_if_cancelled()
            threading.Event().wait(0.01)


def _save(path: Path, size: tuple[int, int] = (8, 6), **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (200, 100, 50)).save(path, **options)
    return path


def _run(
    session: FakeSession, photos: Sequence[Path], out: Path, *, cutouts: bool = False
) -> list[PhotoReport | PhotoFailure]:
    jobs = list(zip(photos, name_folders(photos, out), strict=True))
    return list(matte_photos(session, jobs, cutouts=cutouts))


def test_a_report_says_what_was_found_and_where_it_lies(tmp_path: Path) -> None:
    photo = _save(tmp_path / "a.png")
    (report,) = _run(FakeSession(), [photo], tmp_path / "out", cutouts=True)
    assert isinstance(report, PhotoReport)
    assert (report.width, report.height) == (8, 6)
    assert report.folder == tmp_path / "out" / "a"
    assert [person.file.name for person in report.people] == ["person-01.png", "person-02.png"]
    assert [person.cutout for person in report.people] == [
        report.folder / "cutout-01.png",
        report.folder / "cutout-02.png",
    ]
    assert list(report.seconds) == ["read", "find", "write"]
    assert report.notes == ("A note.",)


def test_mattes_have_the_upright_size_and_cut_outs_the_profile(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    profile = _srgb_profile()
    photo = _save(tmp_path / "a.jpg", exif=exif, icc_profile=profile)
    (report,) = _run(FakeSession(1), [photo], tmp_path / "out", cutouts=True)
    assert isinstance(report, PhotoReport)
    with Image.open(report.folder / "person-01.png") as matte:
        assert (matte.mode, matte.size) == ("L", (6, 8))
    with Image.open(report.folder / "cutout-01.png") as cutout:
        assert (cutout.mode, cutout.size) == ("RGBA", (6, 8))
        assert cutout.info["icc_profile"] == profile


def _srgb_profile() -> bytes:
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def test_without_cut_outs_only_mattes_are_written(tmp_path: Path) -> None:
    photo = _save(tmp_path / "a.png")
    (report,) = _run(FakeSession(1), [photo], tmp_path / "out")
    assert isinstance(report, PhotoReport)
    assert report.people[0].cutout is None
    assert [file.name for file in report.folder.iterdir()] == ["person-01.png"]


def test_what_an_earlier_run_found_does_not_stay(tmp_path: Path) -> None:
    photo = _save(tmp_path / "a.png")
    _run(FakeSession(3), [photo], tmp_path / "out", cutouts=True)
    notes = tmp_path / "out" / "a" / "person-notes.txt"
    notes.write_text("mine")
    _run(FakeSession(1), [photo], tmp_path / "out")
    assert sorted(file.name for file in notes.parent.iterdir()) == [
        "person-01.png",
        "person-notes.txt",
    ]


def test_photos_of_one_stem_get_folders_of_their_own() -> None:
    photos = [Path(name) for name in ("x/a.jpg", "x/a.png", "y/a.png", "z/A.PNG", "b.jpg")]
    names = [folder.name for folder in name_folders(photos, Path("out"))]
    assert names == ["a", "a-png", "a-png-2", "A-PNG-3", "b"]


def test_two_spellings_of_one_accent_are_one_folder_on_a_mac() -> None:
    photos = [Path("\u00e9.jpg"), Path("e\u0301.png")]
    names = [folder.name for folder in name_folders(photos, Path("out"))]
    assert names == ["\u00e9", "e\u0301-png"]


def test_folder_names_are_good_for_every_system() -> None:
    names = [f.name for f in name_folders([Path("a .jpg"), Path("a.jpg")], Path("out"))]
    assert names == ["a", "a-jpg"]


def test_a_photo_is_never_written_over(tmp_path: Path) -> None:
    photo, victim = _save(tmp_path / "a.png"), _save(tmp_path / "a" / "person-01.png")
    before = hashlib.sha256(victim.read_bytes()).digest()
    outcomes = _run(FakeSession(1), [photo, victim], tmp_path)
    assert isinstance(outcomes[0], PhotoFailure)
    assert "not written over" in outcomes[0].error
    assert isinstance(outcomes[1], PhotoReport)
    assert hashlib.sha256(victim.read_bytes()).digest() == before


def test_a_photo_is_not_taken_for_the_leftover_of_an_earlier_run(tmp_path: Path) -> None:
    photo, other = _save(tmp_path / "a.png"), _save(tmp_path / "a" / "person-02.png")
    _run(FakeSession(1), [photo, other], tmp_path)
    assert other.exists()


def test_a_photo_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_text("not a photo")
    outcomes = _run(FakeSession(), [bad, _save(tmp_path / "good.png")], tmp_path / "out")
    assert [type(outcome) for outcome in outcomes] == [PhotoFailure, PhotoReport]


@pytest.mark.expects_log_warning
def test_an_unexpected_error_is_logged_and_does_not_stop_the_run(tmp_path: Path) -> None:
    photo = _save(tmp_path / "a.png")
    (outcome,) = _run(FakeSession(error=ZeroDivisionError("odd")), [photo], tmp_path / "out")
    assert isinstance(outcome, PhotoFailure)
    assert "unexpected error (ZeroDivisionError('odd'))" in outcome.error


@pytest.mark.parametrize("error", [MemoryError(), cv2.error("(-4:Insufficient memory)")])
def test_too_little_memory_is_said_in_a_sentence(tmp_path: Path, error: Exception) -> None:
    photo = _save(tmp_path / "a.png")
    (outcome,) = _run(FakeSession(error=error), [photo], tmp_path / "out")
    assert outcome == PhotoFailure(photo, "There is not enough memory for “a.png”.")


def test_weights_that_are_missing_stop_everything(tmp_path: Path) -> None:
    photo = _save(tmp_path / "a.png")
    with pytest.raises(WeightsError):
        _run(FakeSession(error=WeightsError("gone")), [photo], tmp_path / "out")


def test_colours_that_were_converted_are_noted(tmp_path: Path) -> None:
    photo = tmp_path / "a.tif"
    Image.new("CMYK", (8, 6), (10, 20, 30, 0)).save(photo)
    (report,) = _run(FakeSession(1), [photo], tmp_path / "out")
    assert isinstance(report, PhotoReport)
    assert report.notes[0] == "The colours were converted from CMYK to sRGB."


def test_a_run_is_cancelled_within_a_second(tmp_path: Path) -> None:
    photo, session, token = _save(tmp_path / "a.png"), GatedSession(), CancelToken()
    errors: list[Exception] = []

    def work() -> None:
        try:
            list(matte_photos(session, [(photo, tmp_path / "out")], cancel=token))
        except Cancelled as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    assert session.has_started.wait(10)
    token.cancel()
    thread.join(1)
    assert not thread.is_alive()
    assert len(errors) == 1


def test_a_run_cancelled_while_it_writes_stops_before_the_next_person(tmp_path: Path) -> None:
    photo, token = _save(tmp_path / "a.png"), CancelToken()

    def cancel_at_second(stage: str, done: int, of: int) -> None:
        if (stage, done) == ("write", 1):
            token.cancel()

    jobs = [(photo, tmp_path / "out" / "a")]
    with pytest.raises(Cancelled):
        list(matte_photos(FakeSession(3), jobs, progress=lambda _: cancel_at_second, cancel=token))
    assert len(list((tmp_path / "out" / "a").iterdir())) == 2


def test_a_folder_means_its_photos_and_no_photo_comes_twice(tmp_path: Path) -> None:
    first, second = _save(tmp_path / "a.png"), _save(tmp_path / "b.jpg")
    (tmp_path / "notes.txt").write_text("no photo")
    photos, failures = gather_photos([second, tmp_path, tmp_path / "." / "a.png"])
    assert photos == [second, first]
    assert failures == []


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    photos, failures = gather_photos([tmp_path / "gone.jpg", tmp_path / "empty"])
    assert photos == []
    assert [failure.path.name for failure in failures] == ["gone.jpg", "empty"]
    assert failures[1].error == "There are no photos in “empty”."

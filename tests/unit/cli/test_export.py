"""``himapp export`` on projects saved from small documents; files read back by other programs."""

import hashlib
import json
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from himapp.cli import main
from himapp.document import edits
from himapp.document.background import ImageBackground
from himapp.document.document import Document
from himapp.document.export_options import CodingOptions, ExportOptions, NamingOptions
from himapp.document.export_presets import write_options
from himapp.document.project_file import load_project, save_project
from himapp.imaging.image_files import write_png
from himapp.imaging.photo_io import read_photo
from himapp.inference.session import InstanceMatte
from himapp.settings import Settings, save_settings

HEIGHT, WIDTH = 60, 90
NAMES = ("Åsa 人 / 1", "con")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of two people, beside its photo."""
    return make_project(tmp_path / "shoot", "wedding")


def make_project(folder: Path, stem: str) -> Path:
    folder.mkdir(exist_ok=True)
    ramp = np.linspace(0, 255, WIDTH).astype(np.uint8)
    pixels = np.repeat(np.tile(ramp, (HEIGHT, 1))[..., None], 3, axis=2)
    write_png(folder / f"{stem}.png", np.ascontiguousarray(pixels))
    people = [
        InstanceMatte(np.full((40, 20), 65535, np.uint16), left, 10, 0.9, (left, 10, 20, 40))
        for left in (10, 50)
    ]
    document = edits.add_person_layers(
        Document.for_photo(read_photo(folder / f"{stem}.png")), people
    )
    for layer_id, name in enumerate(NAMES, start=1):
        document = edits.rename(document, layer_id, name)
    save_project(document, folder / f"{stem}.himapp")
    return folder / f"{stem}.himapp"


def export(project: Path, out: Path, *more: str) -> list[str]:
    return export_all([project], out, *more)


def export_all(projects: list[Path], out: Path, *more: str) -> list[str]:
    assert main(["export", *map(str, projects), "--out", str(out), *more]) == 0
    return sorted(path.name for path in out.iterdir())


def test_everybody_is_cut_out(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = export(project, tmp_path / "out")
    assert names == ["wedding-person-01.png", "wedding-person-02.png"]
    with Image.open(tmp_path / "out" / names[0]) as image:
        assert (image.mode, image.size) == ("RGBA", (20, 40))
    assert "wedding.himapp: 2 files" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("template", "names"),
    [
        ("{person}", ["con_.png", "Åsa 人 - 1.png"]),
        ("{stem} {person} {index:03}", ["wedding con 002.png", "wedding Åsa 人 - 1 001.png"]),
        ("{w}x{h}.{ext}", ["20x40-2.png", "20x40.png"]),
        ("a/{index}", ["a-1.png", "a-2.png"]),
    ],
)
def test_names_follow_the_template(
    project: Path, tmp_path: Path, template: str, names: list[str]
) -> None:
    assert export(project, tmp_path / "out", "--template", template) == names


def test_a_preset_and_a_choice_over_it(project: Path, tmp_path: Path) -> None:
    more = ("--preset", "print-tiff-adobe-rgb", "--content", "composite", "--size", "45")
    (name,) = export(project, tmp_path / "out", *more)
    with tifffile.TiffFile(tmp_path / "out" / name) as tiff:
        page = tiff.pages[0]
        assert (page.dtype, page.shape) == (np.uint16, (30, 45, 3))
        pixels, inches = page.tags["XResolution"].value
        assert pixels == 300 * inches
    with Image.open(tmp_path / "out" / name) as image:
        assert b"Adobe RGB" in image.info["icc_profile"].replace(b"\0", b"")


def test_ones_own_preset_is_found(project: Path, tmp_path: Path) -> None:
    own = ExportOptions("matte", naming=NamingOptions("m{index}"))
    save_settings(Settings(export_presets={"My Mattes": write_options(own)}))
    assert export(project, tmp_path / "out", "--preset", "my-mattes") == ["m1.png", "m2.png"]


def test_a_shop_preset_is_square_and_white(project: Path, tmp_path: Path) -> None:
    names = export(project, tmp_path / "out", "--preset", "shop-jpeg")
    with Image.open(tmp_path / "out" / names[0]) as image:
        assert image.format == "JPEG"
        assert image.size[0] == image.size[1]
        # JPEG is lossy.
        assert min(image.getpixel((0, 0))) >= 253


def test_json_tells_of_files_and_failures(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.himapp"
    broken.write_bytes(b"not a zip")
    lost = make_project(tmp_path / "lost", "lost")
    lost.with_suffix(".png").unlink()
    given = [str(path) for path in (broken, project, lost)]
    more = ["--content", "composite", "--sidecar", "--json"]
    assert main(["export", *given, "--out", str(tmp_path / "out"), *more]) == 1
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert document["version"] == 1
    first, second, third = document["projects"]
    assert first["path"] == str(broken)
    assert "broken.himapp" in first["error"]
    assert [Path(file).name for file in second["files"]] == [
        "wedding-composite.png",
        "wedding-export.json",
    ]
    assert "lost.png" in third["error"]
    assert first["error"] in captured.err
    sidecar = json.loads((tmp_path / "out" / "wedding-export.json").read_text(encoding="utf-8"))
    assert sidecar["files"][0]["region"] == [0, 0, WIDTH, HEIGHT]


def test_existing_files_are_skipped_when_asked(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    export(project, out)
    (out / "wedding-person-02.png").write_bytes(b"mine")
    (out / "wedding-person-01.png").unlink()
    assert len(export(project, out, "--existing", "skip")) == 2
    assert (out / "wedding-person-02.png").read_bytes() == b"mine"
    assert "1 file, 1 skipped" in capsys.readouterr().out


def test_neither_photo_nor_project_is_written_over(project: Path, tmp_path: Path) -> None:
    before = {path: hash_of(path) for path in project.parent.iterdir()}
    more = ("--content", "composite", "--template", "{stem}", "--existing", "overwrite")
    export(project, project.parent, *more)
    assert {path: hash_of(path) for path in before} == before
    assert (project.parent / "wedding-2.png").exists()


@pytest.mark.parametrize("existing", ["rename", "overwrite", "skip"])
def test_files_of_one_run_never_take_each_others_place(tmp_path: Path, existing: str) -> None:
    projects = [make_project(tmp_path / day, "DSC_0001") for day in ("day1", "day2")]
    more = ("--existing", existing, "--content", "composite", "--sidecar")
    names = [
        "DSC_0001-composite-2.png",
        "DSC_0001-composite.png",
        "DSC_0001-export-2.json",
        "DSC_0001-export.json",
    ]
    assert export_all(projects, tmp_path / "out", *more) == names
    if existing != "rename":
        assert export_all(projects, tmp_path / "out", *more) == names


def test_a_second_run_that_skips_gives_a_new_project_what_it_lacks(tmp_path: Path) -> None:
    projects = [make_project(tmp_path / day, "a") for day in ("day1", "day2")]
    more = ("--existing", "skip", "--content", "composite", "--sidecar")
    export(projects[0], tmp_path / "out", *more)
    names = ["a-composite-2.png", "a-composite.png", "a-export-2.json", "a-export.json"]
    assert export_all(projects, tmp_path / "out", *more) == names


@pytest.mark.parametrize("stem", ["DSC_0001", "moved", "image"])
def test_no_other_projects_photo_is_written_over(tmp_path: Path, stem: str) -> None:
    first, second = (make_project(tmp_path / day, "DSC_0001") for day in ("day1", "day2"))
    third = make_project(tmp_path / "day3", "moved")
    third.with_suffix(".png").rename(second.parent / "moved.png")
    image = ImageBackground(np.zeros((4, 4, 3), np.uint8), path=str(second.parent / "image.png"))
    write_png(second.parent / "image.png", image.pixels)
    save_project(edits.set_background(load_project(second), image), second)
    before = {path: hash_of(path) for path in second.parent.iterdir()}
    out = second.parent
    more = ("--existing", "overwrite", "--content", "composite", "--template", stem)
    names = export_all([first, second, third], out, "--photos", str(out), *more)
    assert {path: hash_of(path) for path in before} == before
    assert f"{stem}-4.png" in names


def hash_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_folder_means_its_projects(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for stem in ("b", "a"):
        make_project(tmp_path / "shoot", stem)
    names = export(tmp_path / "shoot", tmp_path / "out", "--content", "composite")
    assert names == ["a-composite.png", "b-composite.png"]


def test_hidden_files_in_a_folder_are_no_projects(project: Path, tmp_path: Path) -> None:
    # macOS puts such a file beside every file of a disk that has no place for its attributes.
    (project.parent / "._wedding.himapp").write_bytes(b"\0\5\x16\7")
    assert len(export(project.parent, tmp_path / "out")) == 2


def test_a_path_that_cannot_be_looked_at_fails_alone(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    endless = tmp_path / "endless.himapp"
    endless.symlink_to(endless)
    too_long = tmp_path / ("a" * 300)
    assert main(["export", *map(str, [endless, too_long, project]), "--out", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert [line.endswith("cannot be read from its disk.") for line in said.err.splitlines()] == [
        True,
        True,
    ]
    assert "wedding.himapp: 2 files" in said.out


def test_colour_and_alpha_apart(project: Path, tmp_path: Path) -> None:
    names = export(project, tmp_path / "out", "--zip")
    with zipfile.ZipFile(tmp_path / "out" / names[0]) as archive:
        modes = {}
        for name in archive.namelist():
            with archive.open(name) as part, Image.open(part) as image:
                modes[name] = image.mode
    stem = "wedding-person-01"
    assert modes == {f"{stem}-colour.png": "RGB", f"{stem}-alpha.png": "L"}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--template", "{who}"], "unknown field {who}"),
        (["--template", "{stem"], "single brace"),
        (["--preset", "nothing"], "There is no preset “nothing”"),
        (["--format", "jpeg", "--depth", "16"], "JPEG has 8 bit only"),
        (["--content", "layered", "--format", "png"], "PNG has no layers"),
        (["--size", "0"], "longer_side_px must be 1"),
        (["--margin", "wide"], "“wide” is no margin"),
        (["--background", "white"], "“white” is no colour"),
        (["--format", "bmp"], "invalid choice"),
    ],
)
def test_wrong_usage_is_one_sentence(
    project: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    more: list[str],
    words: str,
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["export", str(project), "--out", str(tmp_path / "out"), *more])
    assert stop.value.code == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_made_stops_the_run(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    given = ["export", str(project), "--out", str(tmp_path / "file" / "out"), "--json"]
    assert main(given) == 3
    document = json.loads(capsys.readouterr().out)
    assert "cannot be created" in document["error"]
    assert document["projects"] == []


def test_an_interrupted_run_says_so(
    project: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupt(_: Path) -> Document:
        raise KeyboardInterrupt

    monkeypatch.setattr("himapp.cli.export.load_project", interrupt)
    assert main(["export", str(project), "--out", str(tmp_path / "out"), "--json"]) == 130
    assert json.loads(capsys.readouterr().out)["error"] == "Interrupted."


@pytest.mark.expects_log_warning
@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "not enough memory"),
        (cv2.error("(-4:Insufficient memory)"), "not enough memory"),
        (RuntimeError("odd"), "unexpected error"),
    ],
)
def test_one_project_never_stops_the_others(
    project: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    words: str,
) -> None:
    other = make_project(tmp_path / "other", "other")

    def fail_once(path: Path) -> Document:
        if path == project:
            raise error
        return load_project(path)

    monkeypatch.setattr("himapp.cli.export.load_project", fail_once)
    out = tmp_path / "out"
    assert main(["export", str(project), str(other), "--out", str(out)]) == 1
    assert words in capsys.readouterr().err
    assert len(list(out.iterdir())) == 2


def test_a_terminal_sees_the_progress(
    project: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    export(project, tmp_path / "out")
    error = capsys.readouterr().err
    assert "[1/1] wedding.himapp: reading" in error
    assert "[1/1] wedding.himapp: writing files, 2 of 2" in error


def test_options_hold_every_choice(project: Path, tmp_path: Path) -> None:
    """A choice that the command forgot would be the preset's."""
    from himapp.cli import build_parser
    from himapp.cli.export_arguments import read_export_options

    line = (
        "export x --out y --content matte --format webp --size 9 --enlarge --full-frame "
        "--margin 8% --aspect 3:4 --depth 8 --color-space display-p3 --background #010203 "
        "--quality 50 --dpi 72 --keep-colours --metadata none --sidecar --existing skip "
        "--template t"
    )
    options = read_export_options(build_parser().parse_args(line.split()))
    assert options.coding == CodingOptions("webp", "8", 50, False, "display-p3", "none", (1, 2, 3))
    assert options.naming == NamingOptions("t", "skip", True)
    assert not options.is_decontaminated
    assert (options.size.longer_side_px, options.size.may_enlarge, options.size.dpi) == (
        9,
        True,
        72,
    )
    crop = options.crop
    assert (crop.is_cropped, crop.margin, crop.margin_unit, crop.aspect) == (
        False, 8, "percent", "3:4",
    )  # fmt: skip


def test_a_photo_that_was_moved_is_found_in_the_folder_named(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    (project.parent / "wedding.png").rename(archive / "wedding.png")
    out = tmp_path / "out"
    assert main(["export", str(project), "--out", str(out)]) == 1
    assert "was not found" in capsys.readouterr().err
    assert len(export(project, out, "--photos", str(archive))) == 2


def test_another_photo_of_that_name_is_refused(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    (project.parent / "wedding.png").unlink()
    write_png(archive / "wedding.png", np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    command = ["export", str(project), "--out", str(tmp_path / "out"), "--photos", str(archive)]
    assert main(command) == 1
    assert "wedding.png" in capsys.readouterr().err
    assert not list((tmp_path / "out").iterdir())

"""What lies in the data folder, without the items kept for validation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.licences import Licences, is_admitted

Cut = tuple[bool, bool, bool, bool]
SIDES = ("top", "bottom", "left", "right")
CUTOUT_PARTS = ("ccp", "interfaces", "openpeople")


@dataclass(frozen=True, slots=True)
class Cutout:
    """A person as straight RGBA.

    Attributes:
        path: The picture.
        cut: Whether the person runs out of it at top, bottom, left, right.
        is_rendered: Whether alpha is exact and no other network's.
    """

    path: Path
    cut: Cut
    is_rendered: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """A real photograph and its map of ids (0 nobody, 1-254 a person, 255 ignore)."""

    photo: Path
    ids: Path


@dataclass(frozen=True, slots=True)
class RenderedGroup:
    """Rendered people: straight RGBA, and one coverage map per person side by side."""

    picture: Path
    coverage: Path
    people: int


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The training items of every part of the data."""

    scenes: tuple[Scene, ...]
    backgrounds: tuple[Path, ...]
    cutouts: dict[str, tuple[Cutout, ...]]
    rendered_groups: tuple[RenderedGroup, ...]
    rendered_portraits: tuple[Cutout, ...]


def read_catalogue(root: Path, labels: Path | None = None, licences: Licences = "all") -> Catalogue:
    """List the training items below ``root`` (see the data's README for its layout).

    Args:
        root: Folder of the training data.
        labels: Folder of further scenes' maps, see ``training.self_training``.
        licences: Which photographs may be used, by the licences in their manifests.

    Raises:
        FileNotFoundError: If a manifest or ``splits.json`` is missing.
    """
    kept = _read_json(root / "splits.json")["validation"]
    groups, portraits = _rendered(root / "people3d", set(kept["people3d"]))
    return Catalogue(
        scenes=_scenes(root / "scenes/coco", set(kept["scenes/coco"]), licences)
        + _labelled(labels, licences),
        backgrounds=_backgrounds(root / "backgrounds", set(kept["backgrounds"]), licences),
        cutouts={
            part: _cutouts(root / "cutouts" / part, set(kept[f"cutouts/{part}"]))
            for part in CUTOUT_PARTS
        },
        rendered_groups=groups,
        rendered_portraits=portraits,
    )


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _scenes(folder: Path, kept: set[str], licences: Licences) -> tuple[Scene, ...]:
    rows = _read_json(folder / "manifest.json")
    names = sorted(n for n, row in rows.items() if n not in kept and is_admitted(row, licences))
    return tuple(Scene(folder / f"{n}.jpg", folder / f"{n}.png") for n in names)


def _labelled(folder: Path | None, licences: Licences) -> tuple[Scene, ...]:
    if folder is None:
        return ()
    rows = _read_json(folder / "manifest.json")
    scenes = [Scene(Path(row["photo"]), folder / f"{n}.png") for n, row in sorted(rows.items())]
    admitted = {
        path: _admitted_names(path, licences) for path in {scene.photo.parent for scene in scenes}
    }
    return tuple(s for s in scenes if _is_listed(s.photo.stem, admitted[s.photo.parent]))


def _backgrounds(folder: Path, kept: set[str], licences: Licences) -> tuple[Path, ...]:
    admitted = _admitted_names(folder, licences)
    paths = (p for p in sorted(folder.glob("*.jpg")) if p.stem not in kept)
    return tuple(p for p in paths if _is_listed(p.stem, admitted))


def _admitted_names(folder: Path, licences: Licences) -> set[str] | None:
    """Return the items of a folder that may be used; None stands for all, unread."""
    if licences == "all":
        return None
    rows = _read_json(folder / "manifest.json")
    return {name for name, row in rows.items() if is_admitted(row, licences)}


def _is_listed(name: str, admitted: set[str] | None) -> bool:
    return admitted is None or name in admitted


def _cutouts(folder: Path, kept: set[str]) -> tuple[Cutout, ...]:
    rows = _read_json(folder / "manifest.json")
    return tuple(
        Cutout(folder / name, tuple(row["cut"]))
        for name, row in sorted(rows.items())
        if Path(name).stem not in kept
    )


def _rendered(folder: Path, kept: set[str]) -> tuple[tuple[RenderedGroup, ...], tuple[Cutout, ...]]:
    groups, portraits = [], []
    for name, row in sorted(_read_json(folder / "manifest.json").items()):
        if name in kept:
            continue
        picture, coverage = folder / f"{name}.webp", folder / f"{name}.png"
        if coverage.exists():
            groups.append(RenderedGroup(picture, coverage, int(row["people"])))
        else:
            top, bottom, left, right = (side in row["cut"] for side in SIDES)
            portraits.append(Cutout(picture, (top, bottom, left, right), is_rendered=True))
    return tuple(groups), tuple(portraits)

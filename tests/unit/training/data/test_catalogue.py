from __future__ import annotations

from pathlib import Path

import pytest

from training.data.catalogue import read_catalogue


def test_what_is_kept_for_validation_is_left_out(mini_data: Path) -> None:
    catalogue = read_catalogue(mini_data)
    listed = [scene.photo.stem for scene in catalogue.scenes]
    listed += [path.stem for path in catalogue.backgrounds]
    listed += [item.path.stem for part in catalogue.cutouts.values() for item in part]
    listed += [group.picture.stem for group in catalogue.rendered_groups]
    listed += [item.path.stem for item in catalogue.rendered_portraits]
    assert sorted(listed) == sorted(
        ["000000000001", "000000000002", "one", "two", "0001", "0002", "001", "P001", "g1", "p1"]
    )


def test_the_cut_sides_of_both_kinds_of_manifest_are_top_bottom_left_right(mini_data: Path) -> None:
    catalogue = read_catalogue(mini_data)
    assert catalogue.cutouts["interfaces"][0].cut == (False, True, True, True)
    assert catalogue.rendered_portraits[0].cut == (False, True, False, False)


def test_a_folder_without_splits_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"splits\.json"):
        read_catalogue(tmp_path)

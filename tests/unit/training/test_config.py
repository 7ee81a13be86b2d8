from __future__ import annotations

from pathlib import Path

import pytest

from training.config import TrainingConfig, config_from_mapping, read_config

CONFIGS = Path(__file__).parents[3] / "training" / "configs"


def test_an_empty_file_is_the_default(tmp_path: Path) -> None:
    (tmp_path / "empty.toml").write_text("")
    assert read_config(tmp_path / "empty.toml") == TrainingConfig()


def test_lists_become_tuples_and_the_rest_keeps_its_default() -> None:
    config = config_from_mapping({"data": {"sides": [320, 384]}, "loss": {"alpha": 4.0}})
    assert config.data.sides == (320, 384)
    assert config.loss.alpha == 4.0
    assert config.optimiser == TrainingConfig().optimiser


def test_an_unknown_section_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown sections: \\['optimizer'\\]"):
        config_from_mapping({"optimizer": {}})


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown keys: \\['step'\\]"):
        config_from_mapping({"run": {"step": 3}})


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("lite_*.toml")), ids=lambda path: path.stem)
def test_the_stages_can_be_trained(path: Path) -> None:
    config = read_config(path)
    assert all(side % 32 == 0 for side in config.data.sides)
    data = config.data
    assert data.scene_share + data.rendered_share + data.close_up_share <= 1
    assert config.loss.trains_perception == config.optimiser.perception


@pytest.mark.parametrize("term", ["person", "mask", "dice", "anybody"])
def test_any_term_of_perception_trains_it(term: str) -> None:
    nothing = dict.fromkeys(("person", "mask", "dice", "anybody"), 0.0)
    assert not config_from_mapping({"loss": nothing}).loss.trains_perception
    assert config_from_mapping({"loss": nothing | {term: 0.1}}).loss.trains_perception

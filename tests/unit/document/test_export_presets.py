import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from himapp.document.export_options import (
    CodingOptions,
    CropOptions,
    ExportOptions,
    NamingOptions,
    SizeOptions,
)
from himapp.document.export_presets import (
    BUILT_IN_PRESETS,
    find_preset,
    is_own_name,
    read_options,
    write_options,
)
from himapp.errors import ExportError

options = st.builds(
    ExportOptions,
    content=st.sampled_from(["cut-out", "matte", "composite"]),
    is_decontaminated=st.booleans(),
    crop=st.builds(
        CropOptions,
        st.booleans(),
        st.floats(0, 10_000),
        st.sampled_from(["px", "percent"]),
        st.sampled_from(["free", "16:9"]),
    ),
    size=st.builds(
        SizeOptions,
        st.none() | st.integers(1, 100_000),
        st.booleans(),
        st.none() | st.floats(1, 9600),
    ),
    coding=st.builds(
        CodingOptions,
        st.sampled_from(["png", "tiff"]),
        st.sampled_from(["keep", "8", "16"]),
        st.integers(1, 100),
        st.booleans(),
        st.sampled_from(["keep", "srgb", "display-p3", "adobe-rgb"]),
        st.sampled_from(["all", "no-location", "copyright", "none"]),
        st.tuples(*[st.integers(0, 255)] * 3),
    ),
    naming=st.builds(
        NamingOptions,
        st.text(),
        st.sampled_from(["rename", "overwrite", "skip"]),
        st.booleans(),
    ),
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
NAMES = (
    *("content", "is_decontaminated", "is_zipped", "crop", "size", "coding", "naming"),
    *("margin", "longer_side_px", "image_format", "background", "quality", "template"),
)


@settings(max_examples=40)
@given(options)
def test_options_come_back_from_json(chosen):
    assert read_options(json.loads(json.dumps(write_options(chosen)))) == chosen


@settings(max_examples=40)
@given(
    st.dictionaries(
        st.sampled_from(NAMES), anything | st.dictionaries(st.sampled_from(NAMES), anything)
    )
)
def test_anything_stored_gives_options(stored):
    assert isinstance(read_options(stored), ExportOptions)


@pytest.mark.parametrize("stored", [None, [], "png", 1, {"coding": 3}, {"content": "layered"}])
def test_what_cannot_be_gives_the_defaults(stored):
    assert read_options(stored) == ExportOptions()


def test_only_what_does_not_fit_gets_its_default():
    stored = {
        "content": "matte",
        "crop": {"margin": -1},
        "coding": {"quality": 200, "image_format": "tiff"},
        "size": {"longer_side_px": 100, "dpi": "high", "from_a_later_version": 1},
    }
    read = read_options(stored)
    assert read == ExportOptions("matte", size=SizeOptions(100))


def test_people_and_files_of_one_document_are_not_kept():
    chosen = ExportOptions(people=(1, 2), protected=(Path("a.himapp"),), taken=(Path("a.png"),))
    stored = write_options(chosen)
    assert not {"people", "protected", "taken"} & stored.keys()
    plain = replace(chosen, people=None, protected=(), taken=())
    assert read_options({**stored, "people": [1]}) == plain


@pytest.mark.parametrize("preset", BUILT_IN_PRESETS, ids=lambda preset: preset.name)
def test_the_programs_presets_are_found_by_their_names(preset):
    for name in (preset.name, preset.name.upper(), preset.name.lower().replace(" ", "-")):
        assert find_preset(name, {}) is preset
    assert not is_own_name(preset.name.swapcase())
    assert read_options(json.loads(json.dumps(write_options(preset.options)))) == preset.options


def test_ones_own_presets_are_found():
    kept = {"School Photos": write_options(ExportOptions("matte"))}
    assert find_preset("school_photos", kept).options.content == "matte"
    assert is_own_name("School Photos")
    assert not is_own_name("  ")


def test_an_unknown_preset_lists_those_there_are():
    with pytest.raises(ExportError, match=r"no preset “x”; there are “Web PNG”.*“Mine”\."):
        find_preset("x", {"Mine": {}})

"""The corpus of odd and bad files through the reader."""

from typing import Any

import pytest

from himapp.errors import PhotoError
from himapp.imaging.photo import Photo
from himapp.imaging.photo_io import read_photo

pytest.importorskip("pillow_heif", reason="the HEIC files need the extra “heic”")


def find_wrong_facts(name: str, photo: Photo, expected: dict[str, Any]) -> list[str]:
    found = {"bits": photo.bit_depth, "grey": photo.is_grey, "icc": photo.icc is not None}
    return [
        f"{name}: {fact} is {value}, not {expected[fact]}"
        for fact, value in found.items()
        if expected.get(fact, value) != value
    ]


@pytest.mark.usefixtures("little_memory")
def test_every_odd_file_opens_or_is_refused_as_it_should(odd_files) -> None:
    assert len(odd_files.expected) >= 200
    before, faults = odd_files.fingerprint(), []
    for name, expected in odd_files.expected.items():
        size, sentence = None, ""
        try:
            photo = read_photo(odd_files.folder / name)
        except PhotoError as error:
            sentence = str(error)
        else:
            size = (photo.width, photo.height)
            faults += find_wrong_facts(name, photo, expected)
        fault = odd_files.find_fault(name, size, sentence)
        faults += [fault] if fault else []
    assert faults == []
    assert odd_files.fingerprint() == before

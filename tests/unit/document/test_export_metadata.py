"""From a file with everything in it to exported files: colours and what they tell, by exiftool."""

import io
import json
import shutil
import struct
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from himapp.document import edits
from himapp.document.document import Document
from himapp.document.export import run_export
from himapp.document.export_options import (
    CodingOptions,
    ColorChoice,
    Content,
    CropOptions,
    ExportOptions,
    ImageFormat,
)
from himapp.document.render_cache import RenderCache
from himapp.imaging.metadata import MetadataPolicy
from himapp.imaging.photo_io import read_photo
from himapp.imaging.working_spaces import profile_of
from himapp.inference.session import InstanceMatte

XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
 exif:GPSLatitude="48,51.4N" photoshop:City="Gatlinburg" photoshop:Headline="A day out"/>
</rdf:RDF></x:xmpmeta>"""
CITY = b"\x1c\x02\x5a\0\x0aGatlinburg\x1c\x02\x50\0\x03Ann"
FORMATS: tuple[tuple[ImageFormat, Content], ...] = (
    ("png", "cut-out"),
    ("tiff", "composite"),
    ("webp", "cut-out"),
    ("jpeg", "composite"),
    ("psd", "layered"),
)
SUFFIXES = {"jpeg": ".jpg", "tiff": ".tif"}

needs_exiftool = pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="exiftool is not installed"
)


def write_source(folder: Path, icc: bytes | None) -> Path:
    """A turned JPEG with place, author and a smooth picture."""
    exif = Image.Exif()
    exif[271], exif[274], exif[33432] = "Maker", 6, "Ann"
    exif[34853] = {1: "N", 2: (48.0, 51.0, 24.5), 3: "E", 4: (2.0, 21.0, 3.0)}
    exif[34665] = {36867: "2026:01:02 03:04:05"}
    noise = np.random.default_rng(6).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    picture = Image.fromarray(cv2.resize(noise, (160, 120), interpolation=cv2.INTER_LINEAR))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", exif=exif, icc_profile=icc, xmp=XMP, quality=95)
    data = buffer.getvalue()
    body = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(CITY)) + CITY
    body += bytes(len(CITY) % 2)
    path = folder / "source.jpg"
    path.write_bytes(data[:2] + b"\xff\xed" + struct.pack(">H", len(body) + 2) + body + data[2:])
    return path


def open_document(path: Path) -> Document:
    matte = InstanceMatte(np.full((100, 80), 65535, np.uint16), 20, 30, 0.9, (20, 30, 100, 130))
    return edits.add_person_layers(Document.for_photo(read_photo(path)), [matte])


def export(
    folder: Path,
    document: Document,
    kind: tuple[ImageFormat, Content],
    policy: MetadataPolicy = "all",
    space: ColorChoice = "keep",
) -> Path:
    options = ExportOptions(
        kind[1],
        crop=CropOptions(is_cropped=False),
        coding=CodingOptions(kind[0], metadata=policy, color_space=space),
    )
    (path,) = run_export(document, options, folder / policy / space, cache=RenderCache())
    return path


def read_tags(paths: list[Path]) -> list[dict[str, str]]:
    command = ["exiftool", "-json", "-G1", "-a", "-u", *map(str, paths)]
    told = subprocess.run(command, capture_output=True, check=True, timeout=60)
    return [{k: str(v) for k, v in tags.items()} for tags in json.loads(told.stdout)]


@pytest.mark.parametrize("space", ["adobe-rgb", "display-p3"])
def test_a_photo_keeps_its_profile_in_every_format(tmp_path: Path, space: ColorChoice) -> None:
    icc = profile_of(space)
    document = open_document(write_source(tmp_path, icc))
    for kind in FORMATS:
        with Image.open(export(tmp_path, document, kind)) as image:
            assert image.info["icc_profile"] == icc, kind
            assert image.size == (120, 160)


def test_files_of_a_photo_without_a_profile_say_that_they_are_srgb(tmp_path: Path) -> None:
    document = open_document(write_source(tmp_path, None))
    for kind in FORMATS:
        with Image.open(export(tmp_path, document, kind)) as image:
            assert image.info["icc_profile"] == profile_of("srgb"), kind


@pytest.mark.parametrize("space", ["adobe-rgb", "display-p3"])
def test_a_file_converted_to_srgb_is_within_one_of_lcms(tmp_path: Path, space: ColorChoice) -> None:
    icc = profile_of(space)
    document = open_document(write_source(tmp_path, icc))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    theirs = ImageCms.profileToProfile(
        Image.fromarray(document.photo.pixels), source, srgb, outputMode="RGB"
    )
    wanted = np.asarray(theirs).astype(int)
    for kind in (("png", "composite"), ("tiff", "composite"), ("webp", "composite")):
        with Image.open(export(tmp_path, document, kind, space="srgb")) as image:
            assert image.info["icc_profile"] == profile_of("srgb")
            assert np.abs(np.asarray(image.convert("RGB")) - wanted).max() <= 1


@needs_exiftool
def test_everything_arrives_in_every_format(tmp_path: Path) -> None:
    document = open_document(write_source(tmp_path, None))
    for tags in read_tags([export(tmp_path, document, kind) for kind in FORMATS]):
        name = tags["SourceFile"]
        assert tags["IFD0:Copyright"] == tags["XMP-dc:Creator"] == "Ann", name
        assert tags["XMP-photoshop:City"] == "Gatlinburg", name
        assert "48 deg" in tags["GPS:GPSLatitude"], name
        assert tags.get("IFD0:Orientation", "Horizontal (normal)") == "Horizontal (normal)", name


@needs_exiftool
def test_a_place_slips_into_no_format(tmp_path: Path) -> None:
    document = open_document(write_source(tmp_path, None))
    for policy in ("no-location", "copyright", "none"):
        paths = [export(tmp_path, document, kind, policy) for kind in FORMATS]
        for path, tags in zip(paths, read_tags(paths), strict=True):
            told = {name for name in tags if "GPS" in name or "City" in name or "Location" in name}
            assert not told, path
            assert b"Gatlinburg" not in path.read_bytes(), path
            assert ("XMP-dc:Creator" in tags) == (policy != "none"), path
            assert ("XMP-photoshop:Headline" in tags) == (policy == "no-location"), path

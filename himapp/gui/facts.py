"""The words of the status bar."""

from himapp.gui.people import count_people
from himapp.imaging.photo import Photo
from himapp.imaging.profile_conversion import name_profile
from himapp.inference.session import MattingResult


def describe_photo(photo: Photo) -> str:
    """Return size, profile and depth: ``"6000 × 4000 · sRGB 8 bit"``, or ``"grey 8 bit"``."""
    profile = "grey" if photo.is_grey else name_profile(photo.icc)
    return f"{photo.width} × {photo.height} · {profile} {photo.bit_depth} bit"


def describe_result(result: MattingResult) -> str:
    """Return who was found, where and how fast: ``"3 people · CPU · 0.4 s"``.

    Loading the network is left out: it is paid once, not for this photo.
    """
    seconds = sum(time for stage, time in result.seconds.items() if stage != "load")
    return f"{count_people(len(result.people))} · {result.device} · {seconds:.1f} s"

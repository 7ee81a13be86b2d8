"""What of a photo's metadata goes into exported files."""

from typing import Literal

MetadataPolicy = Literal["all", "no-location", "copyright", "none"]
"""Everything; everything but where it was taken; author and rights alone; nothing."""


def filter_exif(exif: bytes | None, policy: MetadataPolicy) -> bytes | None:
    """Return the EXIF block an exported file gets; None for none."""
    del exif, policy
    return None


def filter_xmp(xmp: bytes | None, policy: MetadataPolicy) -> bytes | None:
    """Return the XMP packet an exported file gets; None for none."""
    del xmp, policy
    return None


def filter_iptc(iptc: bytes | None, policy: MetadataPolicy) -> bytes | None:
    """Return the IPTC-IIM block an exported file gets; None for none."""
    del iptc, policy
    return None

"""Write a document as one file of layers, with the choices of an export."""

from typing import Final

from himapp.document.export_pixels import PictureSource, Stripes

LAYERED_STEPS: Final = 100
"""As so many stripes a file of layers counts."""


def write_layered(source: PictureSource, stripes: Stripes) -> None:
    """Write all people as layers over the clean background.

    Raises:
        ExportError: the file cannot be written; nothing is left behind.
        Cancelled: the stripes stopped the work.
    """
    raise NotImplementedError(source, stripes)

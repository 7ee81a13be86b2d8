"""Write picture files, all or nothing, with straight alpha, profile and metadata.

Each kind of file has a module of its own; this is where the others find them::

    pixels ─ write_png | write_tiff ─► deflated on all cores ─► file, stripe by stripe
           ─ write_jpeg | write_webp ─► Pillow ─► file
    colours, alpha ─ write_color_and_alpha_zip ─► two PNGs in a ZIP
    layers, composite ─ write_psd ─► channels packed in stripes ─► file
"""

from himapp.imaging.jpeg_file import write_jpeg
from himapp.imaging.png_file import write_png
from himapp.imaging.psd_file import LazyPixels, PsdLayer, needs_psb, write_psd
from himapp.imaging.tiff_file import write_tiff
from himapp.imaging.webp_file import write_webp
from himapp.imaging.zip_file import write_color_and_alpha_zip

__all__ = [
    "LazyPixels",
    "PsdLayer",
    "needs_psb",
    "write_color_and_alpha_zip",
    "write_jpeg",
    "write_png",
    "write_psd",
    "write_tiff",
    "write_webp",
]

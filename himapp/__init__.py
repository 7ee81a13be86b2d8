"""Every person in a photo becomes an alpha matte, a layer and a file, offline.

The packages form layers: ``imaging`` knows pixels and files, ``inference`` finds people,
``document`` says what is edited, ``pipeline`` joins them, and ``workers``, ``gui`` and ``app``
show it in a window. ``errors``, ``paths`` and ``settings`` are the base row that everything
may import.
"""

__version__ = "0.1.0"

"""Pixels and files: everything that needs neither a network, nor a document, nor a window.

Data flow: ``photo_io.read_photo`` turns a file into a ``photo.Photo`` (upright RGB, 8 or 16 bit).
``geometry`` and ``resampling`` take it to the network's frame and mattes back to the photo's;
``foreground`` estimates the person's own colours, ``compositing`` puts them over a background,
and ``image_files`` writes the result. Arrays are ``[height, width, channels]``, colours RGB with
straight (unassociated) alpha, all in the photo's own encoded colour space.
"""

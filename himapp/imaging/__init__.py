"""Pixels and files: everything that needs neither a network, nor a document, nor a window.

Data flow: ``photo_io.read_photo`` turns a file into a ``photo.Photo`` (upright RGB, 8 or 16 bit).
``geometry`` says where it lies in the network's frame; ``foreground`` estimates the person's own
colours, ``bit_depth`` goes between integers and floats, ``profile_conversion`` between colour
spaces (``working_spaces`` makes those a file can be in), ``metadata`` decides what a file tells,
and ``image_files`` writes the result.
Arrays are ``[height, width, channels]``, colours RGB with straight (unassociated) alpha, all in the
photo's own encoded colour space.
"""

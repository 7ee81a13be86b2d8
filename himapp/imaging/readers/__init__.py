"""One reader per family of photo files, and what they share.

Data flow::

    bytes ─ signatures.recognise ─► format
          ─ jpeg…avif: pillow_files, 16-bit png and avif: deep_files, tiff_files, psd_files,
            raw_files, heic_files ─► decoded.DecodedFile (the file's own colour model)
          ─ colors.make_rgb ─► RGB or grey, in a space that holds it

:func:`himapp.imaging.photo_io.read_photo` is the way in. A reader checks the size by
:func:`limits.check_size` before it decodes, and lets any of :data:`damage.DECODING_ERRORS` out
where the file is damaged.
"""

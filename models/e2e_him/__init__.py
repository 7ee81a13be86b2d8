"""End-to-end human instance matting (Liu et al., arXiv 2403.01510), built from the paper.

``lite`` is the shipped network, ``paper`` the paper's own with Swin-T. Both have the paper's three
parts, general perception, united guidance and instance matting, and the same ``predict``.
"""

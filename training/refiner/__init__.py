"""Training of the refiner on patches.

Data flow: ``cutouts`` (people with alpha, decoded in turn) → ``composer`` (a window at a soft edge,
over a background, among neighbours; ``data.strands`` adds drawn hair of exact coverage) →
``guidance`` (what a coarse network might say of it) or ``seen`` (what ours says) → ``patches`` →
``engine``.
"""

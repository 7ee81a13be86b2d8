"""The data engine: real scenes, real people composed over scenes, rendered people.

Data flow: ``catalogue`` (what lies where, who is kept for validation) → ``sampling`` (which kind
of picture next) → ``hair`` and ``strands`` (drawn on people) → ``compose`` (people drawn into a
canvas) → ``augment`` → ``targets`` → ``loader`` (batches from worker processes).
"""

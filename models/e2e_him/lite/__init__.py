"""The shipped network: a detector's trunk on two scales, then E2E-HIM's three networks.

Data flow: images → ``trunk`` (two looks) → ``proposals`` (queries) → ``perception`` (masks and
latent codes) → ``guidance`` (one map of fixed size) → ``matting`` (an alpha per person).
"""

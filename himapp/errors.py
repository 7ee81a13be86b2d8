"""Errors that reach the user, and the signal of a cancelled task.

A :class:`HimappError` holds one clear sentence for a dialog or the command line; the technical
cause stays chained in ``__cause__``. A mistake of the calling code is a :class:`ValueError`.
"""


class HimappError(Exception):
    """Say in one sentence what went wrong and what the user can mend."""


class PhotoError(HimappError):
    """A photo cannot be read."""


class ExportError(HimappError):
    """A file cannot be written."""


class WeightsError(HimappError):
    """The network's weights are missing or damaged."""


class Cancelled(Exception):  # noqa: N818 - a wish of the user, not an error
    """The user withdrew the task; not a :class:`HimappError`, so that no dialog shows it."""

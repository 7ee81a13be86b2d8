"""Errors that reach the user, and the signal of a cancelled task.

A :class:`HimappError` holds one clear sentence for a dialog or the command line; the technical
cause stays chained in ``__cause__``. A mistake of the calling code is a :class:`ValueError`.
"""

from pathlib import Path


class HimappError(Exception):
    """Say in one sentence what went wrong and what the user can mend."""


class PhotoError(HimappError):
    """A photo cannot be read."""


class ExportError(HimappError):
    """A file cannot be written."""


class ProjectError(HimappError):
    """A project cannot be opened or saved."""


class MissingPhotoError(ProjectError):
    """A project's photo is not where it was.

    Attributes:
        path: where it was.
    """

    def __init__(self, sentence: str, path: Path) -> None:
        super().__init__(sentence)
        self.path = path


class ChangedPhotoError(ProjectError):
    """A project's photo is another file than when the project was saved.

    Attributes:
        path: the file.
        has_same_size: whether the project's mattes fit it all the same.
    """

    def __init__(self, sentence: str, path: Path, *, has_same_size: bool) -> None:
        super().__init__(sentence)
        self.path = path
        self.has_same_size = has_same_size


class WeightsError(HimappError):
    """The network's weights are missing or damaged."""


class Cancelled(Exception):  # noqa: N818 - a wish of the user, not an error
    """The user withdrew the task; not a :class:`HimappError`, so that no dialog shows it."""

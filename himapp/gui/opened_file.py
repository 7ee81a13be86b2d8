"""What is read when a file is opened: a photo starts a document, a project holds one."""

from dataclasses import dataclass
from pathlib import Path

from himapp.document.document import Document
from himapp.document.mip_levels import build_photo_levels
from himapp.document.project_file import is_project, load_project, read_project_facts
from himapp.document.project_photo import read_known_photo
from himapp.document.recovery import LeftEdits
from himapp.document.render_cache import RenderCache
from himapp.errors import ChangedPhotoError, MissingPhotoError


@dataclass(frozen=True, slots=True)
class FileWish:
    """Which file is to be opened, and how.

    Attributes:
        path: a photo or a project.
        photo: where the project's photo is; None to look where it was.
        accept_changed: whether another photo of the same size will do.
        left: the edits that a crash left behind, if ``path`` is their file.
    """

    path: Path
    photo: Path | None = None
    accept_changed: bool = False
    left: LeftEdits | None = None


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file that was read.

    Attributes:
        document: what is shown from now on.
        project: the project's file; None for a photo.
        embeds_photo: whether the user wants the photo's own file in the project.
        left: the edits that a crash left behind, if it is they that were opened.
        has_other_photo: whether the user said which photo is the project's now.
        derived: what renderings of the document share, as far as it takes time.
    """

    document: Document
    project: Path | None = None
    embeds_photo: bool = False
    left: LeftEdits | None = None
    has_other_photo: bool = False
    derived: RenderCache | None = None


@dataclass(frozen=True, slots=True)
class PhotoQuestion:
    """A project whose photo is missing or another one now.

    Attributes:
        wish: what was to be opened.
        error: what is wrong.
    """

    wish: FileWish
    error: MissingPhotoError | ChangedPhotoError


def read_file(wish: FileWish) -> OpenedFile | PhotoQuestion:
    """Read a photo or a project.

    Raises:
        HimappError: it cannot be opened.
    """
    if not is_project(wish.path):
        photo = read_known_photo(wish.path)
        return OpenedFile(Document.for_photo(photo), derived=build_photo_levels(photo))
    try:
        document = load_project(wish.path, photo=wish.photo, accept_changed=wish.accept_changed)
    except (MissingPhotoError, ChangedPhotoError) as error:
        return PhotoQuestion(wish, error)
    facts = read_project_facts(wish.path)
    project = facts.origin if wish.left is not None else wish.path
    has_other_photo = wish.photo is not None
    levels = build_photo_levels(document.photo)
    return OpenedFile(document, project, facts.embeds_photo, wish.left, has_other_photo, levels)

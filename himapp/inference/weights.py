"""Find the network's weights and make sure that they are the ones that were shipped."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from himapp.errors import WeightsError
from himapp.paths import weights_manifest_path, weights_path

_ADVICE = "please install himapp again"


def find_weights(path: Path | None = None, manifest: Path | None = None) -> Path:
    """Return the path of weights whose size and SHA-256 are those of the manifest.

    Args:
        path: the weights file; None for the shipped network's.
        manifest: JSON of ``{file name: {"sha256": hex, "bytes": size}}``; None for the shipped one.

    Raises:
        WeightsError: the file or its entry is missing, or the file is not the one that was listed.
    """
    path = path or weights_path()
    if not path.is_file():
        raise WeightsError(f"The network's weights {path} are missing; {_ADVICE}.")
    entry = _manifest_entry(path.name, manifest or weights_manifest_path())
    if not _matches(path, entry):
        raise WeightsError(
            f"The network's weights {path} are damaged (their checksum differs); {_ADVICE}."
        )
    return path


def _manifest_entry(name: str, manifest: Path) -> Mapping[str, object]:
    """Return what the manifest says of one file."""
    try:
        entry = json.loads(manifest.read_text(encoding="utf-8"))[name]
        return {"sha256": str(entry["sha256"]).lower(), "bytes": int(entry["bytes"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(
            f"The list of weights {manifest} is missing, damaged or lacks {name}; {_ADVICE}."
        ) from error


def _matches(path: Path, entry: Mapping[str, object]) -> bool:
    """Tell whether size, then SHA-256, are those of the entry; the size is the quick answer."""
    try:
        if path.stat().st_size != entry["bytes"]:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == entry["sha256"]
    except OSError as error:
        raise WeightsError(f"The network's weights {path} cannot be read; {_ADVICE}.") from error

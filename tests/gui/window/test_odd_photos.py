"""The corpus of odd and bad files through the window's opening."""

from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from himapp.gui.editor import Editor
from himapp.gui.opening import PhotoOpening
from himapp.workers.matting_worker import MattingService

pytest.importorskip("pillow_heif", reason="the HEIC files need the extra “heic”")


@pytest.mark.usefixtures("little_memory", "qapp")
def test_every_odd_file_opens_or_is_refused_in_the_window(
    qtbot: QtBot, odd_files, session: Any
) -> None:
    session.lefts = ()
    before, faults = odd_files.fingerprint(), []
    editor, matting = Editor(), MattingService(lambda: session)
    opening = PhotoOpening(editor, matting)
    said: list[str] = []
    opening.failed.connect(said.append)
    for name in odd_files.expected:
        said.clear()
        known = editor.document
        opening.open_first([odd_files.folder / name])
        qtbot.waitUntil(lambda: not opening.is_busy, timeout=20_000)
        document = editor.document
        is_open = document is not None and document is not known
        assert is_open != bool(said), name
        size = (document.photo.width, document.photo.height) if is_open else None
        if "is a folder" in odd_files.expected[name].get("refusal", ""):
            assert said == ["There are no photos in this folder."]
            continue
        fault = odd_files.find_fault(name, size, said[0] if said else "")
        faults += [fault] if fault else []
    opening.shutdown()
    assert faults == []
    assert odd_files.fingerprint() == before

"""What himapp is, and its keys."""

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from himapp import __version__
from himapp.gui.dialogs.report_dialog import ReportDialog
from himapp.paths import licences_dir

_TEXT: Final = f"""<h3>himapp {__version__}</h3>
<p>Every person of a photo becomes a soft matte, a layer and a file. Nothing
leaves this computer.</p>
<p>Network: End-to-End Human Instance Matting (Liu et al., IEEE TCSVT 2023).</p>
<p>Apache License 2.0. Qt and PySide are used under the LGPL 3.0; the texts of all licences are in
the folder <i>{licences_dir().name}</i> of the application.</p>"""

KEYS: Final = """Open a photo                 Ctrl+O, or drop it on the window
Close it, quit               Ctrl+W, Ctrl+Q
Save, under another name     Ctrl+S, Ctrl+Shift+S
Export, each person          Ctrl+E, Ctrl+Shift+E
Undo, redo                   Ctrl+Z, Ctrl+Shift+Z
Select a person              click; Shift+click adds
Select everybody, nobody     Ctrl+A, Ctrl+D
Show or hide, only this one  H, /, or Alt+click on the eye
Rename, take off the list    F2, Del
Order                        drag, or Ctrl+] and Ctrl+[
                             (or Ctrl+PgUp and Ctrl+PgDown)
Add a missed person          P, then click or drag a box
Take a place from a person   P, then Alt+click
Find people again            Ctrl+R
Reset a value                double click on its label
Reset a person's edits       Ctrl+Shift+R
Fit, 100 %                   Ctrl+0, Ctrl+1, double click
Zoom                         wheel, Ctrl++, Ctrl+-
Move the photo               Space + drag, middle button
Tint on and off              O
Cancel, put a tool away      Esc
These keys                   F1
"""


def show_about(parent: QWidget) -> None:
    """Say what himapp is, without waiting."""
    dialog = QMessageBox(QMessageBox.Icon.NoIcon, "About himapp", _TEXT, parent=parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()


def show_keys(parent: QWidget) -> None:
    """List the keys, without waiting."""
    ReportDialog("The keys of himapp:", KEYS, parent).open()

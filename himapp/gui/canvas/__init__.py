"""The canvas: the document as it looks, at any zoom, and the gestures on it.

Data flow: ``view_state`` says which part of the photo is seen; ``scene`` says which tiles that
needs and which of them an edit left out of date; ``drawing_thread`` draws those beside the window,
through ``tile_images``; ``tiles`` keeps them; ``mosaic`` puts the visible ones together;
``outlines`` traces people; ``painting`` draws it all; ``gestures`` turns mouse, touchpad and keys
into calls; ``canvas_view`` is the widget that joins them and follows the editor.
"""

from himapp.gui.canvas.canvas_view import CanvasView

__all__ = ["CanvasView"]

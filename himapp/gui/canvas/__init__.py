"""The canvas: the document as it looks, at any zoom, and the gestures on it.

Data flow: ``view_state`` says which part of the photo is seen; ``tiles`` keeps what was rendered;
``tile_images`` renders the picture and the tint of the selection; ``mosaic`` puts the visible tiles
together; ``outlines`` traces people; ``painting`` draws it all; ``gestures`` turns mouse, touchpad
and keys into calls; ``canvas_view`` is the widget that joins them and follows the editor.
"""

from himapp.gui.canvas.canvas_view import CanvasView

__all__ = ["CanvasView"]

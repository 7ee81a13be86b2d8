"""The window: widgets that show one document and turn gestures into edits.

Data flow: ``editor`` holds the current document, the selection and the undo stack; every view
follows its signals and calls its methods, none knows another. ``canvas`` shows the photo and its
people, the panels list and edit them, ``main_window`` joins them with the workers. ``theme``
decides colours and sizes, ``screen_color`` knows what the screen makes of a photo's colours,
``qimage`` brings pixels to Qt.
"""

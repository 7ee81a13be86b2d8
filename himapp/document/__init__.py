"""What is edited: a frozen document, pure edits, one renderer and the files it writes.

Data flow: ``Document.for_photo`` starts empty; ``edits`` returns a new document for every edit and
shares what did not change; ``changes.diff`` tells views what to refresh; ``render`` turns a region
of a document into pixels, for the screen and for files alike, through a ``RenderCache`` that holds
everything derived (mip levels, foreground colours, blurs); ``export`` writes files; ``history``
keeps the steps for undo.
"""

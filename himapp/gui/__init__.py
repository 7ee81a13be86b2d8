"""The window: views that follow one editor.

Data flow: a panel or the canvas calls ``Editor.apply`` with an edited document; the editor pushes
one step of undo and emits ``document_changed`` with what differs; every view refreshes that. Views
never talk to each other. Only ``workers`` runs on other threads; its signals end in bound methods
of QObjects here.
"""

"""Work that takes long, on threads of its own, without widgets.

Data flow: ``task_runner`` runs one task after another on a ``QThread`` and tells the thread it was
made in about progress and outcome, by ticket; ``matting_worker`` finds the people of a photo that
way and is where torch is loaded. Payloads are immutable; every exception becomes a sentence.
"""

"""The panels at the right of the photo: people, edits of the selected people, background."""

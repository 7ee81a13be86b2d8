"""The dialogs: what cannot be a panel because it asks before something is done."""

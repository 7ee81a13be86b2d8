"""Weights that training starts from, converted once from published files."""

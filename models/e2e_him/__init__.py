"""End-to-end human instance matting networks."""

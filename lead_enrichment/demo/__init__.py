"""Demo data: an invented world of child-care facilities, and what the four sources would have delivered about it."""

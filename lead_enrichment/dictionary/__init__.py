"""The data dictionary: every model and column with its meaning, where it comes from, and what it holds now."""

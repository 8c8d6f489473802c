"""Changes for other systems: which there are, who sends them, and what became of each."""

"""How fast the work is, beside what a user would pick instead: always as a ratio of two times in one run."""

"""The warehouse: connecting to it, waiting for it, reading from it, loading the project that builds it."""

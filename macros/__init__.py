"""SQLMesh macros of the project: one macro a file, the file named as the macro."""

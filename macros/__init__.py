"""SQLMesh macros of the project, by group: one macro a file, the file named as the macro."""

"""Lint rules of the house, checked by `sqlmesh lint`, `sqlmesh plan` and `make test`."""

"""Feeds: files of a model's rows for those who load files, each with a manifest."""

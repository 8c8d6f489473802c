"""Delivered text read as dates, times, numbers, flags and conformed values."""

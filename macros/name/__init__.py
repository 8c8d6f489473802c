"""Names of facilities and persons: cleaned, taken apart, and in the form in which they are compared."""

"""The golden record: what its attributes are, and the columns that they fill."""

"""The quality rules as SQL: each is judged once for each row, all rules of a table in one pass."""

"""Data quality: the rules and what they find, what deliveries hold, and what in them is out of the ordinary."""

"""Data quality: what deliveries hold, what in them is out of the ordinary, and how sure that is."""

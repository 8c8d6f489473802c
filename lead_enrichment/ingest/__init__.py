"""Taking deliveries in: from a file in landing to bronze rows and a line in the ledger."""

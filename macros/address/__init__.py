"""Street addresses, states, countries and postal codes."""

"""Salesforce: the connection, the daily change feed of leads, and the sender of changes."""

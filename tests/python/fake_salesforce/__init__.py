"""A small Salesforce for tests: OAuth, rows of Lead, SOQL, collections, Bulk API 2.0, limits, duplicate rules, faults.

It speaks HTTP, so that any client can be run against it; jsforce and Salesforce's own command line are, in
test_salesforce_clients.py, and where they expected something else, they were right. Its state lives in memory.
"""

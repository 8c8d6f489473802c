"""Phones, e-mail addresses, web sites and contact persons."""

"""Webhooks: events of the models, sent by Standard Webhooks to those who asked for them."""

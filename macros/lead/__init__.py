"""The conformed lead shape."""

"""The conformed lead shape, and what the contracts say about the sources of leads."""

"""Values that are parsed once each: where they are delivered, and how staging finds what they say."""

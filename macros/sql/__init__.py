"""What the engines spell or mean differently, and SQL that many macros need."""

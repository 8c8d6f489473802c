"""What people do with the matching: explain it, judge it, measure it, compare it."""

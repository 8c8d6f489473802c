"""Quality of data: the rules, what they are compiled to, and what their results say."""

"""How a pair of leads is compared, column by column."""

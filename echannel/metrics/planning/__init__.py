"""Business planning: from a history to sales, profit, cash and what they depend on, month by month."""

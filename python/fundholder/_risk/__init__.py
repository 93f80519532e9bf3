"""Cost models, populations, and what the year of every unit looks like."""

"""What outturns say: chance, systematic variation, credibility."""

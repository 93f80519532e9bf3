"""What is agreed: the terms of contracts."""

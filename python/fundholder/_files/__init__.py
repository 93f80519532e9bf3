"""Tables in files: read, and written as a unit or not at all."""

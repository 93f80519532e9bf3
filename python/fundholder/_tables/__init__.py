"""Tables and arguments: one checker, labels, hierarchy, provenance, arrays, progress."""

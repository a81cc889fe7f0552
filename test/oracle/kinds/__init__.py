"""Cases of other kinds of adapters than VeRA."""

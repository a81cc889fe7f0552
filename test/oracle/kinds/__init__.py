"""Cases with adapters of kinds other than VeRA."""

"""Tables of numbers, and files, that belong to no case."""

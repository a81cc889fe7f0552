"""Tables of numbers and files that are no cases."""

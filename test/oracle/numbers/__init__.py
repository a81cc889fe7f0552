"""Generates fixtures that belong to no case: tables of expected values, and files."""

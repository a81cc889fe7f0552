"""Bases, cases and what PEFT computes for them."""

"""PEFT's errors and warnings."""

"""Base models, cases, and PEFT's results for the cases."""

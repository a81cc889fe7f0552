"""What PEFT raises and warns of."""

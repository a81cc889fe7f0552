"""TRL's trainers that learn from preferences."""

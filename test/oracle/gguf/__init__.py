"""GGUF files of small models."""

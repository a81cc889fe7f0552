"""Records tokenizers, chat templates, sentence vectors and generation."""

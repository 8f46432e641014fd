"""Text in: sentences, vocabulary, encoded corpora, and files that are replaced atomically."""

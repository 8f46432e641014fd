"""The language models before word2vec, and the number of operations of each model."""

"""The language models before word2vec, and the number of operations that each model needs."""

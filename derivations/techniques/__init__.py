"""Equations behind §8: CBOW, negative sampling, hierarchical softmax, mini-batches and sampling."""

"""The techniques that §8 names: CBOW, negative sampling, hierarchical softmax, mini-batches, sampling."""

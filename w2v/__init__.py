"""word2vec at work: text in, vectors out, trained on the gradients that ``derivations`` verifies.

    model         Word2Vec: settings, fit, and what was learned
    corpus        text as a stream of sentences: files, folders, gzip, standard input, iterables
    vocabulary    its words and counts, and the text as numbers, from one pass
    blocks        text as questions, a few dozen target words a time
    steps         the step that a block's verified gradient is made into
    training      the loop, with a backend: numpy_backend or jax_backend
    checkpoints   a run's folder, to go on from
    vectors       words with their vectors: most_similar, similarity, analogy
    formats       their files: word2vec text and binary, .npz
    evaluation    word pairs by rank correlation, analogies by category
    plot          chosen words as a picture
    stepper       training, one step at a time: every number, and where it comes from
    visualizer    the page of the paper's §7
    command       ``w2v``, the command line

Names and meanings are gensim's wherever gensim has the thing.
"""

from w2v.model import Word2Vec
from w2v.vectors.vectors import WordVectors

__all__ = ["Word2Vec", "WordVectors"]

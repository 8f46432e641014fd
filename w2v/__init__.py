"""word2vec at work: text in, vectors out, trained on the gradients that ``derivations`` verifies.

    corpus        text as a stream of sentences: files, folders, gzip, standard input, iterables
    vocabulary    its words and counts, and the text as numbers, from one pass
    vectors       words with their vectors: most_similar, similarity, analogy
    formats       their files: word2vec text and binary, .npz
    evaluation    word pairs by rank correlation, analogies by category
    plot          chosen words as a picture
    command       ``w2v``, the command line

Names and meanings are gensim's wherever gensim has the thing.
"""

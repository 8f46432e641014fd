"""Specimens about context words, repeated words and buffers."""

from __future__ import annotations

from derivations.zoo.exhibits.words import CBOW, LOOKUP, PAIRS, SENTENCE, SKIPGRAM, SKIPGRAM_LOOP
from derivations.zoo.specimen import specimen

specimen(
    SKIPGRAM, "prediction-counted-once", "counted-once",
    mistake="y is counted once instead of C times; each target is counted as often as it occurs.",
    right="EI = e.sum(axis=0)",
    wrong="EI = y - t.sum(axis=0)",
    symptom="Words with several neighbours move towards all of them and away from too few others.",
    missed="A check with one context word, which is what most tests have.",
    seen="wevi, word2vec in the browser, js/vector_math.js: https://github.com/ronxin/wevi",
)  # fmt: skip
specimen(
    SKIPGRAM_LOOP, "only-the-last-context", "only-one-counted",
    mistake="Each context word overwrites the one before; only the last is counted.",
    right="EI += y - t_c",
    wrong="EI = y - t_c",
    symptom="A window of two words learns from one of them.",
    missed="A check with one context word.",
    seen="A common mistake: = instead of +=.",
)  # fmt: skip
specimen(
    SKIPGRAM, "only-the-first-context", "only-one-counted",
    mistake="The formula for one context word is used for C of them: only the first is counted.",
    right="EI = e.sum(axis=0)",
    wrong="EI = e[0]",
    symptom="All context words but the first have no influence on a word.",
    missed="A check with one context word.",
    seen="The paper, p. 9, derives its matrices for one context word; p. 10 says to run them for each.",
)  # fmt: skip
specimen(
    LOOKUP, "repeated-words-overwritten", "overwritten",
    mistake="dE_dW[words] += ... adds to a row once, however often its word occurs.",
    right="np.add.at(dE_dW, words, dE_dH)",
    wrong="dE_dW[words] += dE_dH",
    symptom="Frequent words learn too slowly, the more so the larger the batch.",
    missed="A batch without a repeated word; and += looks as if it accumulated.",
    seen="HIPS autograd #39, take: https://github.com/HIPS/autograd/issues/39; and students "
    "of makemore: https://github.com/karpathy/nn-zero-to-hero/issues/57",
)  # fmt: skip
specimen(
    CBOW, "repeated-context-overwritten", "overwritten",
    mistake="A word that occurs twice in the context gets its share of the error once.",
    right="np.add.at(dE_dW, context, EH / C)",
    wrong="dE_dW[context] = EH / C",
    symptom="Words that are repeated in a window learn too slowly.",
    missed="A window without a repeated word.",
    seen="A common mistake; see HIPS autograd #39, https://github.com/HIPS/autograd/issues/39.",
)  # fmt: skip
specimen(
    PAIRS, "repeated-draws-overwritten", "overwritten",
    mistake="A word that is drawn twice learns from its last draw only.",
    right="np.add.at(dE_dW_prime, other, e * H)",
    wrong="dE_dW_prime[other] = e * H",
    symptom="Words that are often drawn as negative samples are pushed away too little.",
    missed="A test with few draws from many words, in which no word is drawn twice.",
    seen="A common mistake; PyTorch had it in its indexing: https://github.com/pytorch/pytorch/issues/1528",
)  # fmt: skip
specimen(
    LOOKUP, "added-to-a-copy", "zeros",
    mistake="dE_dW[words] is a copy, so what is added to it is lost.",
    right="np.add.at(dE_dW, words, dE_dH)",
    wrong="dE_dW[words][:] += dE_dH",
    symptom="The embedding matrix never changes; only the layer above it learns.",
    missed="The loss decreases all the same, and no error is raised.",
    seen="A common mistake: indexing an array with an array returns a copy.",
)  # fmt: skip
specimen(
    SENTENCE, "stale-context-row", "stale",
    mistake="The last word has one neighbour fewer, and the buffer still holds the previous word's row.",
    right="EI = errors[: len(neighbours)].sum(axis=0)",
    wrong="EI = errors.sum(axis=0)",
    symptom="The vector of the last word of a sentence gets an error that belongs to the word before it.",
    missed="A test of one word at a time, or of words that all have two neighbours.",
    seen="The paper's notebook, update_EI: https://github.com/tiratano/tech_review",
)  # fmt: skip
specimen(
    SKIPGRAM, "updated-too-early", "updated-too-early",
    mistake="W' is updated before the error is propagated back through it.",
    right="dE_dW_prime = np.outer(h, EI)",
    wrong="dE_dW_prime = np.outer(h, EI)\nW_prime = W_prime - 0.025 * dE_dW_prime",
    symptom="Results differ slightly from other implementations, more at a large learning rate.",
    missed="The error is proportional to the learning rate, and a loose tolerance permits it.",
    seen="Data Science from Scratch #31: https://github.com/joelgrus/data-science-from-scratch/issues/31; "
    "basic_neural_network #7: https://github.com/kim-marcel/basic_neural_network/issues/7",
)  # fmt: skip

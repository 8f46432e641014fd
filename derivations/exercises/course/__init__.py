"""The exercises, in the paper's order; ``exercises.format`` describes their files."""

ORDER = (
    "sigmoid_unit",
    "output_delta",
    "hidden_delta",
    "hidden_to_output",
    "input_to_hidden",
    "whole_network",
    "softmax_jacobian",
    "softmax_cross_entropy",
    "column_and_vector",
    "batch_and_bias",
    "skipgram_one_context",
    "skipgram",
    "cbow",
    "negative_sampling",
    "embedding_lookup",
)

"""Trained vectors: queries, file formats, evaluation and plots."""

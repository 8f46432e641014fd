"""Train word2vec on text with the gradients that ``derivations`` verifies, and use the vectors.

    model         Word2Vec: settings, fit, and the trained model
    data          text as a stream of sentences, files, the vocabulary and the encoded text
    train         settings, mini-batches, steps, the NumPy and JAX backends, checkpoints
    vectors       words with their vectors: queries, file formats, evaluation, plots
    cli           the command line, ``w2v``
    stepper       training one step at a time: every number, and the numbers that it is computed from
    visualizer    the web page of the paper's §7

Names and meanings are gensim's wherever gensim has the same thing.
"""

from __future__ import annotations

from w2v._notebook import renderers

TYPE_CHECKING = False  # without the import of typing: see derivations._signals
if TYPE_CHECKING:
    from w2v.model import Word2Vec as Word2Vec
    from w2v.vectors.vectors import WordVectors as WordVectors

__all__ = ["Word2Vec", "WordVectors"]


def _stepper_page(stepper: object) -> str:
    """Show a stepper in a notebook as the visualizer's page."""
    from w2v.visualizer.export import framed

    return framed(stepper)  # type: ignore[arg-type]


renderers["Stepper"] = _stepper_page


def __getattr__(name: str) -> object:
    """Import a public class when it is first used, so that the command line starts without NumPy."""
    if name == "Word2Vec":
        from w2v.model import Word2Vec

        return Word2Vec
    if name == "WordVectors":
        from w2v.vectors.vectors import WordVectors

        return WordVectors
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""Speed and quality on the page that training_speed.py writes."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean, median

from scipy.stats import ttest_ind
from training_figures import Goal, Part, described, mean_and_spread, ratios, spread, table

GENSIM, NUMPY = "gensim skip-gram NS, 1 worker", "w2v NumPy skip-gram NS, 1 core"
JAX, JAX_2 = "w2v JAX skip-gram NS, 1 core", "w2v JAX skip-gram NS, 2 cores"
PAIRS = {"wordsim353": "WordSim-353", "simlex999": "SimLex-999", "analogies": "analogies"}
SURE = 0.05
"""The chance below which a difference between two sets of seeds is none of noise (Welch's t-test)."""


# --- speed ------------------------------------------------------------------------------------------


def speed(part: Part) -> str:
    """Words a second, and what they were computed from."""
    rates = rates_of(part)
    rows = []
    for name, found in part["contenders"].items():
        ratio = spread(ratios(rates[name], rates[GENSIM])) if name != GENSIM else "1"
        cores = median(one["busy"] / one["seconds"] for one in found)
        compiling = [one["compiling"] for one in found if "compiling" in one]
        late = [one["compiling_late"] for one in found if "compiling" in one]
        compiled = f"{median(compiling):.1f} + {median(late):.1f}" if compiling else ""
        rows.append((name, spread(rates[name]), ratio, f"{cores:.2f}", compiled))
    heads = ("", "k raw words/s", "ratio to gensim, 1 worker", "processors busy", "JAX compiling, s")
    text = f"""## Words a second

{described(part)}
`vector_size=100, window=5, negative=5 (HS: 0), sample=1e-3, min_count=5`; all words of the text, also
those dropped, times {part["epochs"]} epochs, through the seconds of the training. Reading the text and
counting its words are not in it, for nobody; for gensim the text is in memory as lists of words, for
`w2v` it is a file of numbers. "1 core": the process is kept on one, with all its threads; gensim's
threads are free. What JAX compiles before the clock starts is the first number in the last column; the
second, what it compiles later, is in the time."""
    return f"{text}\n\n{table(heads, rows)}"


def rates_of(part: Part) -> dict[str, list[float]]:
    """Thousands of raw words a second, by round."""
    contenders = part["contenders"].items()
    return {name: [one["words"] / one["seconds"] / 1e3 for one in found] for name, found in contenders}


def speed_goals(part: Part) -> Iterator[Goal]:
    """What was aimed at."""
    rates = rates_of(part)
    for aim, one, other, least in (
        ("NumPy on one core at least 1.5 times gensim with one worker", NUMPY, GENSIM, 1.5),
        ("JAX on one core at least 3 times gensim with one worker", JAX, GENSIM, 3.0),
        ("JAX on two cores faster than on one", JAX_2, JAX, 1.0),
    ):
        found = ratios(rates[one], rates[other])
        yield Goal(aim, f"{spread(found)} times", median(found) >= least)


# --- quality ----------------------------------------------------------------------------------------


def quality(part: Part) -> str:
    """The judgements, and the run without the bound."""
    contenders = part["contenders"]
    base = [one["held_out"] for one in contenders[GENSIM]]
    rows = []
    for name, found in contenders.items():
        held = [one["held_out"] for one in found]
        judged = (mean_and_spread([one[of] for one in found]) for of in PAIRS)
        ratio = f"{fmean(held) / fmean(base):.4f}" if name != GENSIM else "1"
        rows.append((name, mean_and_spread(held), ratio, *judged))
    heads = ("", "held-out loss", "ratio to gensim", *PAIRS.values())
    bound = part["bound"]
    by_epoch = [
        (f"{name} the bound", *("not finite" if loss is None else f"{loss:.4f}" for loss in bound[name]))
        for name in ("with", "without")
    ]
    epochs = [f"epoch {number + 1}" for number in range(len(bound["with"]))]
    seeds = len(contenders[GENSIM])
    return f"""## How good the vectors are

{described(part)}
After {part["epochs"]} epochs; means over {seeds} seeds, ± their standard deviation. The held-out loss
is that of negative sampling in nats for a pair of words, on every 100th line, kept out of the training:
exact, with the expectation over all noise words. Word pairs by Spearman's correlation; analogies: the
share answered right, among the 30,000 most frequent words.

{table(heads, rows)}

Why a row's update is bounded: blocks of {bound["block_words"]} words with {bound["shared_negatives"]}
noise words on {bound["words"]:,} words of the text, held-out loss after each epoch.

{table(("", *epochs), by_epoch)}"""


def quality_goals(part: Part) -> Iterator[Goal]:
    """What was aimed at; what is better than gensim's is good enough."""
    contenders = part["contenders"]
    gensims = contenders[GENSIM]
    for name, found in contenders.items():
        if name == GENSIM:
            continue
        who = name.split()[1]
        ratio = fmean(one["held_out"] for one in found) / fmean(one["held_out"] for one in gensims)
        aim = f"{who}: held-out loss at most 1 % above gensim's"
        yield Goal(aim, f"{100 * (ratio - 1):+.2f} %", ratio <= 1.01)
        for of in ("wordsim353", "simlex999"):
            ours, theirs = ([one[of] for one in runs] for runs in (found, gensims))
            aim = f"{who}: {PAIRS[of]} as gensim's, or better, within the noise of the seeds"
            measured = f"{mean_and_spread(ours)} to {mean_and_spread(theirs)}"
            if min(len(ours), len(theirs)) < 2:
                yield Goal(aim, measured, None)
                continue
            chance = float(ttest_ind(ours, theirs, equal_var=False).pvalue)
            met = fmean(ours) >= fmean(theirs) or chance >= SURE
            chances = f"p = {chance:.2f}" if chance >= 0.01 else "p < 0.01"
            yield Goal(aim, f"{measured}, {chances}", met)

"""Products, memory and startup on the page that training_speed.py writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from training_figures import Goal, Part, described, plural, ratios, spread, table

LABELS = {"numpy": "NumPy", "jax": "JAX"}


# --- products ---------------------------------------------------------------------------------------


def softmax(part: Part) -> str:
    """The rates for each size of a block."""
    rows = []
    for cores, rounds in part["cores"].items():
        rows.append(
            (cores, "sgemm, 2,000 × 2,000 × 2,000", spread([one["sgemm"] for one in rounds]), "100")
        )
        for name in sorted(rounds[0].keys() - {"sgemm"}, key=by_size):
            rates = [one[name] for one in rounds]
            who, size = name.split()
            title = f"{LABELS.get(who, 'the three products alone, NumPy')}, block_words={size}"
            rows.append((cores, title, spread(rates), spread(shares_of_sgemm(rounds, name))))
    text = f"""## The full softmax beside sgemm

{described(part)}
V = {part["V"]:,}, N = {part["N"]}, float32; a step counts as its three products, of 2·B·V·N operations
each, and its time includes everything: the softmax itself, the loss, the bound, both updates. The sgemm
is NumPy's; "the three products alone" is what its BLAS makes of matrices of these shapes."""
    return f"{text}\n\n{table(('cores', '', 'GFLOP/s', 'percent of sgemm'), rows, left=2)}"


def by_size(name: str) -> tuple[int, bool, bool]:
    """The order of the rows, which the JSON does not keep: by the block, the products alone first."""
    who, size = name.split()
    return int(size), who in LABELS, who == "jax"


def shares_of_sgemm(rounds: Sequence[Part], name: str) -> list[float]:
    """Percent, by round."""
    return [100 * one[name] / one["sgemm"] for one in rounds]


def softmax_goals(part: Part) -> Iterator[Goal]:
    """What was aimed at, for the best size of a block."""
    for cores, rounds in part["cores"].items():
        for backend in ("numpy", "jax"):
            sizes = [name for name in rounds[0] if name.startswith(backend)]
            best = max(sizes, key=lambda name: median(shares_of_sgemm(rounds, name)))
            found = shares_of_sgemm(rounds, best)
            aim = f"full softmax, {LABELS[backend]}, {plural(cores)}: at least 80 % of sgemm"
            yield Goal(aim, f"{spread(found)} % (block_words={best.split()[1]})", median(found) >= 80)


def sparse(part: Part) -> str:
    """Microseconds and ratios."""
    rows = []
    for words, rounds in sorted(part["vocabularies"].items(), key=lambda item: int(item[0])):
        times = {name: [one[name] for one in rounds] for name in ("numpy", "jax", "grad")}
        by_hand = (spread(ratios(times["grad"], times[name])) for name in ("numpy", "jax"))
        rows.append((f"{int(words):,}", *map(spread, times.values()), *by_hand))
    heads = (
        "V",
        "by hand, NumPy, µs",
        "by hand, JAX, µs",
        "`jax.grad`, µs",
        "`jax.grad` to NumPy",
        "to JAX",
    )
    text = f"""## By hand beside jax.grad

{described(part)}
One block of 48 words of a random text, skip-gram with negative sampling, N = {part["N"]}, one core. By
hand, only the rows in question move; `jax.grad` of the same loss is compiled, gives gradients as large
as both tables, and all rows move. Without the bound both make the same step, which is checked before."""
    return f"{text}\n\n{table(heads, rows)}"


def no_goals(part: Part) -> Iterator[Goal]:
    """Nothing was aimed at."""
    yield from ()


# --- memory and startup -----------------------------------------------------------------------------


def beyond(runs: Sequence[Part]) -> list[float]:
    """MB beside the two tables."""
    return [one["peak"] - one["tables"] for one in runs]


def memory(part: Part) -> str:
    """MB, by backend."""
    rows = []
    for backend, runs in ((name, part[name]) for name in LABELS):
        columns = ([one[of] for one in runs] for of in ("peak", "tables", "imported"))
        peak, tables, imported = map(spread, columns)
        rows.append((LABELS[backend], peak, tables, spread(beyond(runs)), imported))
    heads = ("backend", "at most, MB", "two tables", "beyond them", "of which the interpreter and imports")
    words = part["numpy"][0]["vocabulary"]
    text = f"""## Memory

{described(part)}
The most that was resident in a whole `Word2Vec.fit` of a file, from reading it on; V = {words:,}, N =
100, 1 MB is 10⁶ bytes."""
    return f"{text}\n\n{table(heads, rows)}"


def memory_goals(part: Part) -> Iterator[Goal]:
    """What was aimed at, for all backends."""
    for backend, label in LABELS.items():
        found = beyond(part[backend])
        yield Goal(
            f"{label}: at most 200 MB beyond the tables",
            f"{spread(found)} MB",
            median(found) <= 200,
        )


def startup(part: Part) -> str:
    """Seconds."""
    rows = [(spread(part["seconds"]), f"{part['importing']:.2f}")]
    text = f"""## From the command to the first block

{described(part)}
`w2v train` of a text of 20,000 words with the NumPy backend, from the start of the process; disk caches
are warm. Imports were timed by a run of their own, which they slow down somewhat."""
    return f"{text}\n\n{table(('seconds', 'of which imports'), rows, left=0)}"


def startup_goals(part: Part) -> Iterator[Goal]:
    """What was aimed at."""
    yield Goal("first block within 2 s", f"{spread(part['seconds'])} s", median(part["seconds"]) < 2)

"""Files of vectors: gensim reads ours and we gensim's; a broken file is one line, never wrong vectors."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models import KeyedVectors
from gensim.test.utils import datapath
from hypothesis import event, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from w2v.vectors import formats, reading
from w2v.vectors.formats import kind, read, write
from w2v.vectors.vectors import WordVectors

SUFFIXES = [".bin", ".txt", ".vec", ".bin.gz", ".txt.gz", ".npz"]
WORD2VEC = [suffix for suffix in SUFFIXES if suffix != ".npz"]

letters = st.characters(exclude_categories=["Cs"], exclude_characters=" \n")
one_word = st.text(letters, min_size=1)
finite = st.floats(width=32, allow_nan=False, allow_infinity=False)


@st.composite
def word_vectors(draw: Any, word: st.SearchStrategy[str] = one_word) -> WordVectors:
    words = draw(st.lists(word, min_size=1, max_size=6, unique=True))
    size = draw(st.integers(2, 5))
    values = draw(hnp.arrays(np.float32, (len(words), size), elements=finite, fill=st.nothing()))
    counts = draw(st.none() | st.just(np.arange(len(words), dtype=np.int64)[::-1] + 1))
    return WordVectors(words, values, counts)


def same(one: WordVectors, other: WordVectors | KeyedVectors) -> None:
    words = other.words if isinstance(other, WordVectors) else other.index_to_key
    assert one.words == words
    assert one.vectors.tobytes() == other.vectors.astype(np.float32).tobytes()


@given(wv=word_vectors(), suffix=st.sampled_from(SUFFIXES))
def test_what_is_written_is_read_exactly(
    tmp_path_factory: pytest.TempPathFactory, wv: WordVectors, suffix: str
) -> None:
    file = tmp_path_factory.mktemp("vectors") / f"v{suffix}"
    write(file, wv)
    same(wv, read(file))


@given(wv=word_vectors(), chunk=st.integers(1, 9), rows=st.integers(1, 3), suffix=st.sampled_from(SUFFIXES))
def test_what_is_written_is_read_exactly_wherever_the_pieces_end(
    tmp_path_factory: pytest.TempPathFactory, wv: WordVectors, chunk: int, rows: int, suffix: str
) -> None:
    file = tmp_path_factory.mktemp("vectors") / f"v{suffix}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "CHUNK", chunk)
        patch.setattr(reading, "ROWS", rows)
        patch.setattr(formats, "ROWS", rows)
        write(file, wv)
        same(wv, read(file))


@given(wv=word_vectors(), suffix=st.sampled_from(WORD2VEC))
def test_gensim_reads_ours(tmp_path_factory: pytest.TempPathFactory, wv: WordVectors, suffix: str) -> None:
    file = tmp_path_factory.mktemp("vectors") / f"v{suffix}"
    write(file, wv)
    same(wv, KeyedVectors.load_word2vec_format(str(file), binary=".bin" in suffix))


@given(wv=word_vectors(), suffix=st.sampled_from(WORD2VEC))
def test_we_read_gensims_and_write_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, wv: WordVectors, suffix: str
) -> None:
    folder = tmp_path_factory.mktemp("vectors")
    kv = KeyedVectors(wv.vector_size)
    kv.add_vectors(wv.words, wv.vectors)
    kv.save_word2vec_format(str(folder / f"theirs{suffix}"), binary=".bin" in suffix)
    same(wv, read(folder / f"theirs{suffix}"))
    if not suffix.endswith(".gz"):
        write(folder / f"ours{suffix}", wv)
        assert (folder / f"ours{suffix}").read_bytes() == (folder / f"theirs{suffix}").read_bytes()


@pytest.mark.parametrize("name", ["euclidean_vectors.bin", "crime-and-punishment.vec", "toy-model.vec"])
def test_files_that_come_with_gensim_are_read(name: str) -> None:
    same(
        read(datapath(name)), KeyedVectors.load_word2vec_format(datapath(name), binary=name.endswith("bin"))
    )


def test_files_as_word2vec_c_writes_them_are_read(tmp_path: Path) -> None:
    values = np.array([[1.5, -2], [0.25, 3]], np.float32)
    rows = [b"</s> " + values[0].tobytes() + b"\n", b"the " + values[1].tobytes() + b"\n"]
    (tmp_path / "v.bin").write_bytes(b"2 2\n" + b"".join(rows))
    (tmp_path / "v.txt").write_bytes(b"2 2\n</s> 1.500000 -2.000000 \nthe 0.250000 3.000000 \n")
    for name in ("v.bin", "v.txt"):
        same(WordVectors(["</s>", "the"], values), read(tmp_path / name))


@given(wv=word_vectors(st.text(st.sampled_from("ab 1.\t"), min_size=1).filter(str.strip)))
def test_text_with_spaces_in_words_as_gensim_writes_it_is_read(
    tmp_path_factory: pytest.TempPathFactory, wv: WordVectors
) -> None:
    file = tmp_path_factory.mktemp("vectors") / "v.txt"
    kv = KeyedVectors(wv.vector_size)
    kv.add_vectors(wv.words, wv.vectors)
    kv.save_word2vec_format(str(file), binary=False)
    same(wv, read(file))


@given(wv=word_vectors(st.text(st.characters(exclude_categories=[]))))
def test_npz_holds_any_words_and_the_counts(
    tmp_path_factory: pytest.TempPathFactory, wv: WordVectors
) -> None:
    file = tmp_path_factory.mktemp("vectors") / "v.npz"
    write(file, wv)
    back = read(file)
    same(wv, back)
    assert (back.counts is None) == (wv.counts is None)
    assert wv.counts is None or (back.counts == wv.counts).all()


def test_a_number_in_a_word_is_no_number_of_its_vector(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("2 2\nroute 66 1 2\nroute 67 3 4\n")
    same(WordVectors(["route 66", "route 67"], np.array([[1, 2], [3, 4]])), read(tmp_path / "v.txt"))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_format_is_known_by_its_content_and_the_same_vectors_are_the_same_bytes(
    tmp_path: Path, suffix: str
) -> None:
    wv = small()
    for name in ("1", "2"):
        write(tmp_path / f"{name}{suffix}", wv)
    assert (tmp_path / f"1{suffix}").read_bytes() == (tmp_path / f"2{suffix}").read_bytes()
    (tmp_path / f"1{suffix}").rename(tmp_path / "nameless")
    same(wv, read(tmp_path / "nameless"))
    names = {".bin": "word2vec binary", ".txt": "word2vec text", ".vec": "word2vec text"}
    wanted = {**names, ".npz": ".npz", ".bin.gz": "word2vec binary, packed by gzip"}
    assert kind(tmp_path / "nameless") == {**wanted, ".txt.gz": "word2vec text, packed by gzip"}[suffix]


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress])
def test_other_packings_are_read(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    write(tmp_path / "v.bin", small())
    (tmp_path / "packed").write_bytes(pack((tmp_path / "v.bin").read_bytes()))
    same(small(), read(tmp_path / "packed"))


# --- what cannot be written -------------------------------------------------------------------------


def small() -> WordVectors:
    values = np.array([[1.5, -2e-3, 1e9], [0.1, 3, -0.0], [1e-40, 7, 0.3]], np.float32)
    return WordVectors(["the", "käse", "😀"], values)


UNWRITABLE = {
    "space": ("New York", "the word 'New York' has a space in it: give a .npz, or spaces='_'"),
    "new line": ("a\nb", r"the word 'a\nb' has a space in it"),
    "half a letter": ("\ud800", r"the word '\ud800' is no valid Unicode: give a .npz"),
}


@pytest.mark.parametrize("suffix", WORD2VEC)
@pytest.mark.parametrize("case", UNWRITABLE)
def test_a_word_that_a_format_cannot_hold_is_refused_and_no_file_is_left(
    tmp_path: Path, suffix: str, case: str
) -> None:
    word, reason = UNWRITABLE[case]
    with pytest.raises(ValueError, match="the word") as problem:
        write(tmp_path / f"v{suffix}", WordVectors([word], np.ones((1, 1))))
    assert reason in str(problem.value)
    assert list(tmp_path.iterdir()) == []


def test_spaces_can_be_replaced_unless_words_become_the_same(tmp_path: Path) -> None:
    write(tmp_path / "v.bin", WordVectors(["New York", "a\tb\nc"], np.eye(2)), spaces="_")
    assert read(tmp_path / "v.bin").words == ["New_York", "a_b_c"]
    with pytest.raises(ValueError, match="spaces='_' makes two words 'a_b'"):
        write(tmp_path / "v.bin", WordVectors(["a b", "a_b"], np.eye(2)), spaces="_")


def test_an_unknown_suffix_is_refused_with_those_known(tmp_path: Path) -> None:
    for name in ("v", "v.json", "v.npz.gz", "v.gz"):
        with pytest.raises(ValueError, match=r"which format is this\? end it with \.bin, \.txt"):
            write(tmp_path / name, small())


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_neither_written_nor_read(
    tmp_path: Path, suffix: str, value: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    wv = WordVectors(["a", "b"], np.array([[1, 2], [3, value]]))
    reason = r"v\..*: the vector of 'b' \(number 2\) is not finite"
    with pytest.raises(ValueError, match=reason):
        write(tmp_path / f"v{suffix}", wv)
    with monkeypatch.context() as patch:
        patch.setattr(formats, "_check_finite", lambda *_: None)
        write(tmp_path / f"v{suffix}", wv)
    with pytest.raises(ValueError, match=reason):
        read(tmp_path / f"v{suffix}")


# --- what is broken ---------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_cut_anywhere_is_one_clear_line(tmp_path: Path, suffix: str) -> None:
    write(tmp_path / f"v{suffix}", small())
    whole = (tmp_path / f"v{suffix}").read_bytes()
    cut = tmp_path / f"cut{suffix}"
    for size in range(len(whole)):
        cut.write_bytes(whole[:size])
        with pytest.raises(ValueError, match=r"^[^\n]*cut\.[^\n]*: [^\n]*$"):
            read(cut)


@pytest.mark.parametrize("suffix", [".bin", ".txt"])
def test_a_file_cut_anywhere_in_gensims_hands_is_one_clear_line_under_any_name(
    tmp_path: Path, suffix: str
) -> None:
    kv = KeyedVectors(2)
    kv.add_vectors(["one", "two", "three"], np.array([[0.125, 1], [2, 3], [12345.678, -1]], np.float32))
    kv.save_word2vec_format(str(tmp_path / "v"), binary=suffix == ".bin")
    whole = (tmp_path / "v").read_bytes()
    for size in range(len(whole)):
        (tmp_path / "cut").write_bytes(whole[:size])
        with pytest.raises(ValueError, match=r"^[^\n]*cut: [^\n]*$"):
            read(tmp_path / "cut")


@given(suffix=st.sampled_from(SUFFIXES), place=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_a_changed_byte_gives_vectors_of_the_right_shape_or_one_clear_line(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, place: int, byte: int
) -> None:
    file = tmp_path_factory.mktemp("vectors") / f"v{suffix}"
    write(file, small())
    data = bytearray(file.read_bytes())
    data[place % len(data)] = byte
    file.write_bytes(data)
    try:
        wv = read(file)
    except ValueError as problem:
        event(type(problem).__name__)
    else:
        assert np.isfinite(wv.vectors).all()


@given(
    data=st.binary(max_size=200),
    start=st.sampled_from(["", "2 3\n", "1 1\n", "PK\x03\x04", "\x1f\x8b\x08"]),
)
def test_any_bytes_are_vectors_or_one_clear_line(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, start: str
) -> None:
    file = tmp_path_factory.mktemp("vectors") / "v"
    file.write_bytes(start.encode("latin-1") + data)
    try:
        read(file)
    except ValueError as problem:
        event(str(problem)[:20])


HEADERS = {
    "empty": ("", "the file is empty"),
    "words": ("once upon a time\n", "the first line should be two numbers, how many vectors and of what"),
    "one number": ("3\n", "no vectors: the first line should be two numbers"),
    "negative": ("-3 5\na", "found '-3 5'"),
    "no vectors": ("0 5\n", "found '0 5'"),
    "no numbers": ("5 0\n", "found '5 0'"),
    "no end": ("5 10", "found '5 10'"),
    "absurdly many": (
        "999999999999 100\n",
        "truncated: the header promises 999,999,999,999 vectors of 100",
    ),
    "absurdly large": ("1 9999999999\n", "found '1 9999999999'"),
    "endless digits": ("9" * 100 + " 1\n", "the first line should be two numbers"),
    "GloVe": ("the 0.418 0.24968 -0.41242\n", "found 'the 0.418 0.24968 -0.41242'"),
}


@pytest.mark.parametrize("case", HEADERS)
def test_a_header_that_makes_no_sense_is_refused(tmp_path: Path, case: str) -> None:
    text, reason = HEADERS[case]
    (tmp_path / "v").write_bytes(text.encode())
    with pytest.raises(ValueError, match="v: ") as problem:
        read(tmp_path / "v")
    assert reason in str(problem.value)
    (tmp_path / "v").write_bytes(gzip.compress(text.encode() + b"word " + b"\1\2\3\4" * 3))
    with pytest.raises(ValueError, match=r"^[^\n]*v: [^\n]*$"):
        read(tmp_path / "v")


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_promise_that_the_file_cannot_keep_takes_no_memory(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    (tmp_path / "v").write_bytes(pack(b"999999999 1000000\nword " + b"\1\2\3\4" * 99))
    tracemalloc.start()
    with pytest.raises(ValueError, match="truncated"):
        read(tmp_path / "v")
    assert tracemalloc.get_traced_memory()[1] < 100e6
    tracemalloc.stop()


BROKEN = {
    "too few": (
        "3 2\na 1 2\nb 3 4\n",
        "the header promises 3 vectors of 2 numbers; truncated: the file ends",
    ),
    "too many": ("1 2\na 1 2\nb 3 4\n", "but more comes after them: b'b 3 4'"),
    "a number too few": ("2 2\na 1 2\nb 3\n", "found 'b 3' for vector 2"),
    "no number": ("2 2\na 1 2\nb 3 x\n", "found 'b 3 x' for vector 2"),
    "one short, one long": ("2 2\na 1\nb 3 4 5\n", "found 'a 1' for vector 1"),
    "two spaces": ("2 2\na  1\nb 3 4\n", "for vector 1"),
    "an empty line": ("2 2\na 1 2\n\nb 3 4\n", "found '' for vector 2"),
    "no last end": ("2 2\na 1 2\nb 3 4", "truncated: the last line has no end, it may have lost digits"),
    "twice": ("2 2\na 1 2\na 3 4\n", "the word 'a' is there twice; errors='replace' takes the first"),
    "infinite": ("2 2\na 1 2\nb 1e99 4\n", "the vector of 'b' (number 2) is not finite"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_text_file_is_one_line_that_says_what_is_wrong(tmp_path: Path, case: str) -> None:
    text, reason = BROKEN[case]
    (tmp_path / "v.txt").write_text(text)
    with pytest.raises(ValueError, match=r"^[^\n]*v\.txt: [^\n]*$") as problem:
        read(tmp_path / "v.txt")
    assert reason in str(problem.value)


def record(word: bytes, *values: float) -> bytes:
    return word + b" " + struct.pack(f"<{len(values)}f", *values)


def test_a_broken_binary_file_is_one_line_that_says_what_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "v.bin"
    a, b = record(b"a", 0.1, 0.2), record(b"b", 0.3, 0.4)
    for data, reason in [
        (b"3 2\n" + a + b, "3 vectors of 2 numbers; truncated: the file ends in vector 3"),
        (b"2 2\n" + a + b + b"rubbish", "but more comes after them: b'rubbish'"),
        (b"2 2\n" + a + a, "the word 'a' is there twice"),
        (
            b"2 2\n" + a + record(b"\xe4", 1, 2),
            r"b'\xe4' is not UTF-8 (errors='replace' takes it), the word of",
        ),
        (b"1 2\n" + b"x" * 2_000_000, "no word of less than 1,048,576 bytes before vector 1"),
    ]:
        file.write_bytes(data)
        with pytest.raises(ValueError, match=r"^[^\n]*v\.bin: [^\n]*$") as problem:
            read(file)
        assert reason in str(problem.value)


def test_with_errors_replaced_the_first_of_equal_words_is_taken_as_gensim_does(tmp_path: Path) -> None:
    file = tmp_path / "v.bin"
    file.write_bytes(b"3 1\n" + record(b"\xe4", 1) + record(b"b", 2) + record(b"\xe4", 3))
    theirs = KeyedVectors.load_word2vec_format(str(file), binary=True, unicode_errors="replace")
    ours = read(file, errors="replace")
    assert {word: i for i, word in enumerate(ours.words)} == theirs.key_to_index
    assert ours.vectors.tolist() == theirs.vectors[:2].tolist() == [[1], [2]]
    (tmp_path / "v.txt").write_text("2 1\na 1\nb 2")
    assert read(tmp_path / "v.txt", errors="replace").vectors.tolist() == [[1], [2]]


def test_an_npz_of_other_things_says_what_it_holds(tmp_path: Path) -> None:
    np.savez(tmp_path / "v.npz", weights=np.eye(2))
    with pytest.raises(
        ValueError, match=r"an \.npz of word vectors has vectors, word_.*; this one has weights"
    ):
        read(tmp_path / "v.npz")
    write(tmp_path / "v.npz", small())
    with np.load(tmp_path / "v.npz") as file:
        arrays = dict(file)
    for name, wrong in [
        ("vectors", np.eye(3, dtype=int)),
        ("vectors", np.full((3, 3), 1e99)),
        ("vectors", np.zeros((2, 2), np.float32)),
        ("word_lengths", np.array([1, 2, 3])),
        ("counts", np.array([1])),
        ("words", np.frombuffer(b"\xff" * 8, np.uint8)),
        ("words", np.zeros((2, 2))),
    ]:
        np.savez(tmp_path / "v.npz", **{**arrays, name: wrong})
        with pytest.raises(ValueError, match=r"^[^\n]*v\.npz: [^\n]*$"):
            read(tmp_path / "v.npz")


def test_an_npz_may_hold_other_floats_as_a_model_in_float64_does(tmp_path: Path) -> None:
    write(tmp_path / "v.npz", small())
    with np.load(tmp_path / "v.npz") as file:
        arrays = dict(file)
    np.savez(
        tmp_path / "v.npz", **{**arrays, "vectors": arrays["vectors"].astype(float), "more": np.eye(2)}
    )
    same(small(), read(tmp_path / "v.npz"))


def test_a_file_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none")


def test_70_000_vectors_of_100_are_read_exactly(tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).standard_normal((70_000, 100), np.float32)
    wv = WordVectors([f"word{i}" for i in range(70_000)], vectors)
    write(tmp_path / "v.bin", wv)
    same(wv, read(tmp_path / "v.bin"))

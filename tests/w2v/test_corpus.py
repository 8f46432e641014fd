"""Text as a stream of sentences: every source gives what a naive reading gives, and errors say where."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from w2v.data import corpus
from w2v.data.corpus import sentences

LETTERS = "ab'äß漢😀\u0301\x00\ufeff"
SPACES = " \t\r\n\n\n\x0b\x0c\x1c\x85\u3000\u2028"
texts = st.text(st.sampled_from(LETTERS + SPACES), max_size=60)


def naive(text: str, most: int = 10_000) -> list[list[str]]:
    """The sentences of a text that is in memory."""
    lines = [line.split() for line in text.removeprefix("\ufeff").split("\n")]
    return [line[i : i + most] for line in lines for i in range(0, len(line), most)]


@given(text=texts, block=st.integers(1, 9), most=st.integers(1, 4))
@example(text="a b a b a b a b a b\na b", block=7, most=3)
def test_a_file_is_read_alike_wherever_its_blocks_end(
    tmp_path_factory: pytest.TempPathFactory, text: str, block: int, most: int
) -> None:
    file = tmp_path_factory.mktemp("text") / "text"
    file.write_bytes(text.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corpus, "BLOCK", block)
        patch.setattr(corpus, "MAX_SENTENCE_LENGTH", most)
        assert list(sentences(file)) == naive(text, most)


def test_a_file_is_read_as_gensim_reads_it(tmp_path: Path) -> None:
    from gensim.models.word2vec import LineSentence
    from gensim.test.utils import datapath

    long_line = " ".join(map(str, range(25_000)))
    (tmp_path / "long").write_text(f"one two\n\n{long_line}\nthree")
    for file in (datapath("lee_background.cor"), str(tmp_path / "long")):
        assert list(sentences(file)) == list(LineSentence(file))


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_compressed_file_is_known_by_its_content(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    (tmp_path / "text.txt").write_bytes(pack(b"a b\n") + pack(b"c\n"))
    assert list(sentences(tmp_path / "text.txt")) == [["a", "b"], ["c"]]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_compressed_file_cut_anywhere_is_one_clear_line(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    whole = pack(b"one two three\nfour five\n" * 3)
    file = tmp_path / "cut"
    for size in range(7, len(whole)):
        file.write_bytes(whole[:size])
        with pytest.raises(ValueError, match=r"^[^\n]*cut: the compressed file is broken[^\n]*$"):
            list(sentences(file))


def test_a_compressed_file_with_a_changed_byte_is_one_clear_line(tmp_path: Path) -> None:
    whole = gzip.compress(b"one two three\nfour five\n", mtime=0)
    file = tmp_path / "broken"
    file.write_bytes(whole[:-6] + bytes([whole[-6] ^ 1]) + whole[-5:])
    with pytest.raises(ValueError, match="broken"):
        list(sentences(file))


@pytest.mark.parametrize(("start", "what"), [("504b0304", "zip"), ("28b52ffd", "zstd")])
def test_what_is_no_text_is_named(tmp_path: Path, start: str, what: str) -> None:
    (tmp_path / "thing").write_bytes(bytes.fromhex(start) + b"...")
    with pytest.raises(ValueError, match=rf"thing: this is .*{what}.*unpack it first"):
        list(sentences(tmp_path / "thing"))


def test_a_folder_is_read_in_order_with_its_folders_and_without_what_is_hidden(tmp_path: Path) -> None:
    for name, text in [("b", "2"), ("a/z", "1"), ("c.gz", "3"), (".git/x", "no"), (".hidden", "no")]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        data = text.encode()
        (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    assert list(sentences(tmp_path)) == [["1"], ["2"], ["3"]]


def test_the_end_of_a_file_ends_its_sentence_and_its_encoding(tmp_path: Path) -> None:
    (tmp_path / "1").write_bytes("\ufeffa b".encode())
    (tmp_path / "2").write_bytes("\ufeffc".encode())
    assert list(sentences(tmp_path)) == [["a", "b"], ["c"]]


def test_a_folder_without_text_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / ".hidden").write_text("a")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="a folder without text"):
        sentences(tmp_path)


def test_a_path_that_is_not_there_is_refused_at_once_even_if_it_is_a_text() -> None:
    with pytest.raises(FileNotFoundError, match="a str is a path"):
        sentences("the king rules")
    with pytest.raises(FileNotFoundError, match="a str is a path"):
        sentences("the king rules " * 1000)


def test_standard_input_is_a_source(tmp_path: Path) -> None:
    code = "from w2v.data.corpus import sentences; print(list(sentences('-')))"
    for given_, wanted in [
        (b"a b\nc", [["a", "b"], ["c"]]),
        (gzip.compress(b"a\nb"), [["a"], ["b"]]),
        (b"", []),
    ]:
        result = subprocess.run([sys.executable, "-c", code], input=given_, capture_output=True, check=True)
        assert result.stdout.decode().strip() == str(wanted)


def test_a_pipe_that_gives_single_bytes_is_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    class Drop(io.RawIOBase):
        def __init__(self, data: bytes) -> None:
            self.data = io.BytesIO(data)

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            return self.data.read(min(1, size))

    monkeypatch.setattr(sys, "stdin", type("Stdin", (), {"buffer": Drop(gzip.compress(b"a b\nc d"))}))
    assert list(sentences("-")) == [["a", "b"], ["c", "d"]]


def test_a_named_pipe_is_a_source(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen([sys.executable, "-c", f"open({str(pipe)!r}, 'w').write('a b\\nc')"]):
        assert list(sentences(pipe)) == [["a", "b"], ["c"]]


# --- iterables --------------------------------------------------------------------------------------


def test_an_iterable_may_hold_lists_and_strs_and_be_read_only_once() -> None:
    given_: Iterator[Any] = iter([["New York", "grows"], "the king  rules", ("a",), []])
    assert list(sentences(given_)) == [["New York", "grows"], ["the", "king", "rules"], ["a"]]


def test_a_long_sentence_of_an_iterable_goes_on_as_another() -> None:
    assert [len(s) for s in sentences([["a"] * 20_001])] == [10_000, 10_000, 1]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ([["a", 1]], "sentence 1 holds 1 of type int: a word is a str"),
        ([["a"], [["b"]]], "sentence 2 holds ['b'] of type list: a word is a str"),
        ([1, 2], "sentence 1 is of type int: give a list of words, or a str"),
        (["a", b"a b"], "sentence 2 is of type bytes: give a list of words, or a str"),
        ([["a", b"b"]], "sentence 1 holds b'b' of type bytes: a word is a str"),
        (bytearray(), "a text is a path, - or an iterable of sentences, not bytearray"),
        (7, "a text is a path, - or an iterable of sentences, not int"),
    ],
)
def test_what_is_no_sentence_is_named(source: Any, reason: str) -> None:
    with pytest.raises(TypeError) as problem:
        list(sentences(source))
    assert str(problem.value) == reason


def test_one_sentence_given_in_place_of_a_list_of_them_is_found_out() -> None:
    with pytest.raises(ValueError, match="all 3 sentences are single words"):
        list(sentences(["the", "king", "rules"]))
    assert list(sentences(["hello"])) == [["hello"]]


# --- encodings --------------------------------------------------------------------------------------


@given(before=texts, block=st.integers(1, 9), bad=st.sampled_from([b"\xff", b"\xe9 ", b"\xc3("]))
def test_bytes_that_are_not_of_the_encoding_are_named_with_file_line_and_place(
    tmp_path_factory: pytest.TempPathFactory, before: str, block: int, bad: bytes
) -> None:
    file = tmp_path_factory.mktemp("text") / "text"
    start = before.encode()
    file.write_bytes(start + bad + b"\nmore\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corpus, "BLOCK", block)
        with pytest.raises(ValueError, match="not utf-8") as problem:
            list(sentences(file))
    place = f"{file}, line {start.count(10) + 1:,}, byte {len(start):,}: {bad[:1].hex()}"
    assert str(problem.value).startswith(place)
    assert "--encoding latin-1" in str(problem.value)


def test_a_letter_cut_off_at_the_end_is_not_of_the_encoding(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"a\nb \xc3")
    with pytest.raises(ValueError, match="line 2, byte 4: c3 is not utf-8"):
        list(sentences(tmp_path / "text"))


def test_utf_16_is_recognized_and_read(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes("käse brot\nwein".encode("utf-16"))
    with pytest.raises(ValueError, match="--encoding utf-16"):
        list(sentences(tmp_path / "text"))
    assert list(sentences(tmp_path / "text", encoding="utf-16")) == [["käse", "brot"], ["wein"]]


def test_other_encodings_and_ways_with_errors_are_pythons(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"k\xe4se")
    assert list(sentences(tmp_path / "text", encoding="latin-1")) == [["käse"]]
    assert list(sentences(tmp_path / "text", errors="replace")) == [["k\ufffdse"]]
    assert list(sentences(tmp_path / "text", errors="ignore")) == [["kse"]]
    for wrong in ({"encoding": "utf-99"}, {"errors": "repair"}):
        with pytest.raises(ValueError, match="Python knows no encoding"):
            sentences(tmp_path / "text", **wrong)


# --- memory and progress ----------------------------------------------------------------------------


def test_one_line_of_any_length_takes_little_memory(tmp_path: Path) -> None:
    file = tmp_path / "text8"
    file.write_bytes(b"some words " * 1_000_000)  # 11 MB, more than 100 MB as words
    tracemalloc.start()
    assert sum(map(len, sentences(file))) == 2_000_000
    assert tracemalloc.get_traced_memory()[1] < 25e6
    tracemalloc.stop()


def test_a_word_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "zeros").write_bytes(b"0" * 4_000_000)
    with pytest.raises(ValueError, match="a word of more than 1,048,576 characters"):
        list(sentences(tmp_path / "zeros"))


def test_progress_is_told_in_bytes_of_the_files_packed_or_not(tmp_path: Path) -> None:
    (tmp_path / "1").write_bytes(b"a b c\n" * 500_000)
    (tmp_path / "2").write_bytes(gzip.compress(b"d e f\n" * 500_000))
    total = sum(file.stat().st_size for file in tmp_path.iterdir())
    told: list[tuple[int, int | None]] = []
    assert sum(1 for _ in sentences(tmp_path, on_progress=lambda *now: told.append(now))) == 1_000_000
    assert told[-1] == (total, total)
    assert told == sorted(told)
    assert len(told) > 4

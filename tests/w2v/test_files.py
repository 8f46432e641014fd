"""Files are whole or not there: whatever goes wrong, the old file stays, and errors are one line."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from w2v.data.files import packed, read_arrays, replacing, unpacked, write_arrays


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_file_is_there_when_the_block_has_ended_and_not_before(tmp_path: Path) -> None:
    with replacing(tmp_path / "file") as file:
        file.write(b"new")
        assert names(tmp_path) == [".file.part"]
    assert names(tmp_path) == ["file"]
    assert (tmp_path / "file").read_bytes() == b"new"


@pytest.mark.parametrize("problem", [ValueError("mine"), KeyboardInterrupt()])
def test_if_the_block_raises_the_old_file_stays_and_nothing_else(
    tmp_path: Path, problem: BaseException
) -> None:
    (tmp_path / "file").write_bytes(b"old")

    def write() -> None:
        with replacing(tmp_path / "file") as file:
            file.write(b"new")
            raise problem

    with pytest.raises(type(problem)):
        write()
    assert names(tmp_path) == ["file"]
    assert (tmp_path / "file").read_bytes() == b"old"


def test_a_killed_writer_leaves_the_old_file_and_its_part_is_written_over(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"old")
    code = (
        "import os, signal, sys; from w2v.data.files import replacing\n"
        f"with replacing({str(file)!r}) as f: f.write(b'n' * 99999); f.flush(); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == -signal.SIGKILL
    assert file.read_bytes() == b"old"
    assert names(tmp_path) == [".file.part", "file"]
    with replacing(file) as part:
        part.write(b"new")
    assert file.read_bytes() == b"new"
    assert names(tmp_path) == ["file"]


def test_the_bytes_reach_the_disk_before_the_name_does_and_the_name_does_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, list[str]]] = []

    def spy(handle: int) -> None:
        synced.append((str(Path(f"/proc/self/fd/{handle}").readlink()), names(tmp_path)))

    monkeypatch.setattr(os, "fsync", spy)
    with replacing(tmp_path / "file") as file:
        file.write(b"new")
    part = str(tmp_path / ".file.part")
    assert synced == [(part, [".file.part"]), (str(tmp_path), ["file"])]


def test_two_writers_of_one_file_do_not_meet(tmp_path: Path) -> None:
    with replacing(tmp_path / "file") as file:
        file.write(b"first")
        with (
            pytest.raises(OSError, match="another process is writing this file"),
            replacing(tmp_path / "file"),
        ):
            pass
    assert (tmp_path / "file").read_bytes() == b"first"


def test_permissions_and_links_stay_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "file").chmod(0o640)
    (tmp_path / "link").symlink_to("file")
    with replacing(tmp_path / "link") as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


def test_a_device_is_written_to_and_stays_one() -> None:
    with replacing("/dev/null") as file:
        file.write(b"away")
    assert Path("/dev/null").is_char_device()


def test_a_full_disk_is_named_with_the_file_and_the_repair() -> None:
    with (
        pytest.raises(OSError, match=r"No space left on device; free some space.*'/dev/full'"),
        replacing("/dev/full") as file,
    ):
        file.write(b"x" * 100_000)


def test_a_file_that_grows_past_a_limit_is_named_and_removed(tmp_path: Path) -> None:
    code = (
        "import resource, signal; from w2v.data.files import replacing\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        f"with replacing({str(tmp_path / 'file')!r}) as f: f.write(b'x' * 100_000)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "File too large; free some space, or give a file on another disk:" in result.stderr
    assert names(tmp_path) == []


def test_a_folder_and_a_missing_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="this is a folder"), replacing(tmp_path):
        pass
    with (
        pytest.raises(FileNotFoundError, match="give a file in a folder you may write to"),
        replacing(tmp_path / "no" / "file"),
    ):
        pass


# --- arrays -----------------------------------------------------------------------------------------

ARRAYS = {
    "a": np.arange(12, dtype=np.float32).reshape(3, 4),
    "f": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "none": np.zeros((0, 5), np.int64),
    "one": np.array(7),
    "text": np.array("words"),
}


def test_arrays_come_back_as_they_were_and_writable(tmp_path: Path) -> None:
    write_arrays(tmp_path / "file", ARRAYS)
    back = read_arrays(tmp_path / "file")
    assert back.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert (back[name].dtype, back[name].shape) == (array.dtype, array.shape)
        assert (back[name] == array).all()
        assert back[name].flags.writeable


def test_numpy_reads_them_too_and_the_same_arrays_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("1", "2"):
        write_arrays(tmp_path / name, ARRAYS)
    with np.load(tmp_path / "1") as numpy_s:
        assert (numpy_s["a"] == ARRAYS["a"]).all()
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


def test_compressed_arrays_are_read(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "file.npz", **ARRAYS)
    assert (read_arrays(tmp_path / "file.npz")["a"] == ARRAYS["a"]).all()


def test_a_file_of_arrays_cut_anywhere_is_one_clear_line(tmp_path: Path) -> None:
    write_arrays(tmp_path / "whole", ARRAYS)
    whole = (tmp_path / "whole").read_bytes()
    for size in range(len(whole)):
        (tmp_path / "cut").write_bytes(whole[:size])
        with pytest.raises(ValueError, match=r"^[^\n]*cut: no \.npz, or broken or cut short[^\n]*$"):
            read_arrays(tmp_path / "cut")


@given(place=st.integers(0, 1_000_000), bit=st.integers(0, 7))
def test_a_changed_bit_gives_the_same_arrays_or_one_clear_line(
    tmp_path_factory: pytest.TempPathFactory, place: int, bit: int
) -> None:
    file = tmp_path_factory.mktemp("arrays") / "file"
    write_arrays(file, ARRAYS)
    data = bytearray(file.read_bytes())
    data[place % len(data)] ^= 1 << bit
    file.write_bytes(data)
    try:
        back = read_arrays(file)
    except ValueError as problem:
        event(str(problem).partition("(")[2])
    else:
        values = [array.tolist() for array in back.values()]
        assert [array.tolist() for array in ARRAYS.values()] == values or len(values) < len(ARRAYS)


def test_a_promise_the_file_cannot_hold_takes_no_memory(tmp_path: Path) -> None:
    write_arrays(tmp_path / "file", {"a": np.zeros((100, 100), np.float32)})
    data = (tmp_path / "file").read_bytes()
    (tmp_path / "file").write_bytes(data.replace(b"(100, 100)", b"(9999999999, 9999)"[:10]))
    with pytest.raises(ValueError, match="broken"):
        read_arrays(tmp_path / "file")


def test_objects_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "file.npz", a=np.array([{}], object))
    with pytest.raises(ValueError, match="the header promises"):
        read_arrays(tmp_path / "file.npz")


@given(words=st.lists(st.text(st.characters(exclude_categories=[]))))
def test_any_words_come_back_from_arrays(words: list[str]) -> None:
    assert unpacked(*packed(words)) == words


def test_words_and_lengths_of_different_files_are_found_out() -> None:
    text, lengths = packed(["one", "two"])
    for other in (lengths[:1], lengths + 1, -lengths):
        with pytest.raises(ValueError, match="the words have 6 characters"):
            unpacked(text, other)

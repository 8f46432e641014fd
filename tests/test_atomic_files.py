"""A file that is written is complete, or unchanged."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from derivations._files import write_atomically


@contextmanager
def full_disk() -> Iterator[None]:
    """Let every write to a file fail."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("data", ["∂E/∂x\n", b"\x00\xff"], ids=["text", "bytes"])
def test_a_file_is_written_or_replaced_with_its_permissions(data: str | bytes, tmp_path: Path) -> None:
    new, old = tmp_path / "new", tmp_path / "old"
    old.write_text("before")
    old.chmod(0o640)
    for file in (new, old):
        write_atomically(file, data)
        assert file.read_bytes() == (data.encode() if isinstance(data, str) else data)
    assert old.stat().st_mode & 0o777 == 0o640
    assert {file.name for file in tmp_path.iterdir()} == {"new", "old"}


def test_a_link_stays_a_link_and_a_device_a_device(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("before")
    (tmp_path / "link").symlink_to("there")
    write_atomically(tmp_path / "link", "after")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there").read_text() == "after"
    write_atomically("/dev/null", "nothing")
    assert Path("/dev/null").is_char_device()


def test_a_failed_write_names_the_file_and_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("before")
    for name in ("old", "new", "no/such/folder"):
        with full_disk(), pytest.raises(OSError, match=f"{name}'$") as problem:
            write_atomically(tmp_path / name, "after")
        assert problem.value.filename == str(tmp_path / name)
    assert [file.name for file in tmp_path.iterdir()] == ["old"]
    assert (tmp_path / "old").read_text() == "before"

"""What lies in landing: which entries are files, which of them are complete, and what the others are."""

from __future__ import annotations

import errno
import fcntl
import math
import os
import signal
import stat
import time
from dataclasses import dataclass
from pathlib import Path

from lead_enrichment.errors import DataError, UsageError
from lead_enrichment.ingest.completeness import MANIFEST_SUFFIX, has_manifest
from lead_enrichment.paths import DataPaths
from lead_enrichment.wording import visible

# How long size and time of a file must have been still, where LEADS_STILL_SECONDS does not say.
STILL_SECONDS = 2.0
# An ingest waits no longer than this for a file to be still: with a longer period the file waits for the next ingest.
LONGEST_PAUSE = 5.0
# File systems of which Linux knows who has a file open. Others refuse a lease for reasons of their own.
WITH_LEASES = {"btrfs", "ext2", "ext3", "ext4", "f2fs", "jfs", "overlay", "ramfs", "tmpfs", "xfs", "zfs"}
# How often, and after how long, a file that seems to be written to is looked at again.
LOOKS, LOOK_SECONDS = 4, 0.05
KINDS = (
    (stat.S_ISDIR, "a folder", "Put the files that are in it into the source's folder itself."),
    (stat.S_ISFIFO, "a pipe", "Write a file in its place."),
    (stat.S_ISSOCK, "a socket", "Write a file in its place."),
    (stat.S_ISCHR, "a device", "Put a file in its place."),
    (stat.S_ISBLK, "a device", "Put a file in its place."),
)


@dataclass(frozen=True)
class Unreadable:
    """A folder of landing that cannot be listed."""

    folder: Path
    problem: str


def entries(paths: DataPaths) -> tuple[list[Path], list[Unreadable]]:
    """Return all that lies in landing, files or not, hidden names and manifests apart; and folders that hide theirs."""
    found: list[Path] = []
    unreadable: list[Unreadable] = []

    def listed(folder: Path) -> list[Path]:
        try:
            with os.scandir(folder) as inside:
                names = [item.name for item in inside]
        except OSError as error:
            unreadable.append(Unreadable(folder, error.strerror or str(error)))
            return []
        return [folder / name for name in sorted(names) if not name.startswith(".")]

    for path in listed(paths.landing):
        # A source's folder may be a link to one elsewhere.
        if path.is_dir():
            found += listed(path)
        else:
            found.append(path)
    return [path for path in found if not path.name.endswith(MANIFEST_SUFFIX)], unreadable


def check_kind(path: Path) -> None:
    """Check that an entry is a file.

    Raises:
        DataError: It is something else, or a link that leads to nothing or to something else.
        FileNotFoundError: It is gone.
    """
    name, found = visible(path.name), path.lstat()
    is_link = stat.S_ISLNK(found.st_mode)
    if is_link:
        leads_to = visible(str(path.readlink()))
        try:
            found = path.stat()
        except OSError as error:
            raise DataError(
                f"it is a link to {leads_to}, which cannot be reached ({error.strerror})",
                name,
                "Put the file itself in.",
            ) from error
    for is_kind, what, remedy in KINDS:
        if is_kind(found.st_mode):
            raise DataError(f"it is {'a link to ' if is_link else ''}{what}, and no file", name, remedy)


def still_written(files: list[Path]) -> dict[Path, str]:
    """Return the files that are not known to be complete, each with the reason; wait a little for those just written.

    A file is complete where its manifest is there, where it was renamed into its place after it was written, or where
    its size and time have been still for a period. None is that a process has open for writing.

    Raises:
        UsageError: LEADS_STILL_SECONDS is no number of seconds.
    """
    period, states = still_seconds(), dict[Path, tuple[int, int]]()
    busy, rest = dict[Path, str](), 0.0
    for path in files:
        try:
            now = path.stat()
        except OSError:
            continue
        # Writing sets both times; a rename, which ends a careful transfer, sets the second one alone.
        is_renamed = now.st_ctime_ns > now.st_mtime_ns
        left = period - (time.time() - now.st_mtime)
        if left > 0 and not is_renamed and not has_manifest(path):
            states[path] = (now.st_size, now.st_mtime_ns)
            # A time to come is a sender's clock that is fast: then only looking twice helps.
            rest = max(rest, min(left, period))
    if states and rest <= LONGEST_PAUSE:
        time.sleep(rest)
    for path, state in states.items():
        try:
            now = path.stat()
        except OSError:
            continue
        if rest > LONGEST_PAUSE or (now.st_size, now.st_mtime_ns) != state:
            busy[path] = f"it was written to less than {period:g} seconds ago; it stays in landing"
    return busy | {path: "a process is writing to it; it stays in landing" for path in _open_to_write(files)}


def still_seconds() -> float:
    """Return for how many seconds a file must have been still.

    Raises:
        UsageError: LEADS_STILL_SECONDS is no number of seconds.
    """
    text = os.environ.get("LEADS_STILL_SECONDS") or str(STILL_SECONDS)
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise UsageError(f"{text!r} is no number of seconds", "LEADS_STILL_SECONDS", "Write it like 60.")
    return seconds


def is_open_to_write(path: Path) -> bool:
    """Whether a process has a file open for writing. False where the system cannot tell, as on network file systems."""
    return bool(_open_to_write([path]))


def _open_to_write(files: list[Path]) -> list[Path]:
    """Return the files that a process has open for writing, or had open and wrote to while this looked.

    A process that is forked in the moment of writing has the file open too, until it starts its own program. So what
    is open is looked at again, and counts as free where it is closed by then and nothing was written to it.
    """
    found = {path: _size_and_time(path) for path in files if _has_writer(path)}
    for _ in range(LOOKS):
        if not found:
            break
        time.sleep(LOOK_SECONDS)
        found = {path: then for path, then in found.items() if _has_writer(path) or _size_and_time(path) != then}
    return [*found]


def _size_and_time(path: Path) -> tuple[int, int] | None:
    try:
        now = path.stat()
    except OSError:
        return None
    return now.st_size, now.st_mtime_ns


def _has_writer(path: Path) -> bool:
    """Whether the system refuses a lease on a file, since a process has it open for writing."""
    if not hasattr(fcntl, "F_SETLEASE") or _file_system_of(path) not in WITH_LEASES:
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        # Whoever opens the file while the lease is held makes the system send a signal; this one is ignored.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        # Linux grants a lease on a file only while nobody has it open for writing.
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(descriptor)
    return False


def _file_system_of(path: Path) -> str:
    """Return the type of the file system on which a file lies, such as ext4; empty where that cannot be seen."""
    try:
        lies, mounts = path.resolve(), Path("/proc/self/mountinfo").read_text(errors="surrogateescape")
    except (OSError, RuntimeError):
        return ""
    found = ("", "")
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        # A blank in a path is written as its octal number.
        point = before.split()[4].replace("\\040", " ")
        if lies.is_relative_to(point) and len(point) >= len(found[0]):
            found = point, after.split()[0]
    return found[1]

"""A disk that fails at one chosen write: seccomp hands every call that changes a file to the parent, which decides.

The calls are real ones: what SQLite, NumPy, Python and C's buffered files ask the kernel for, not what their
interfaces say. Linux on x86-64 or arm64; elsewhere, or where a sandbox forbids it, `supported` says so.
"""

import array
import ctypes
import errno
import fcntl
import multiprocessing
import os
import platform
import select
import signal
import socket
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

_X86 = {
    "write": 1, "pwrite64": 18, "writev": 20, "fsync": 74, "fdatasync": 75, "ftruncate": 77, "rename": 82, "mkdir": 83,
    "openat": 257, "mkdirat": 258, "renameat": 264, "renameat2": 316, "seccomp": 317,
}  # fmt: skip
_ARM = {
    "mkdirat": 34, "renameat": 38, "ftruncate": 46, "openat": 56, "write": 64, "writev": 66, "pwrite64": 68,
    "fsync": 82, "fdatasync": 83, "renameat2": 276, "seccomp": 277,
}  # fmt: skip
_CALLS = {"x86_64": _X86, "aarch64": _ARM}.get(platform.machine(), {})
_NAMES = {number: name for name, number in _CALLS.items()}
_PATH_ARGUMENT = {"rename": 0, "mkdir": 0, "openat": 1, "mkdirat": 1, "renameat": 1, "renameat2": 1}
_NO_NEW_PRIVILEGES, _SET_FILTER, _NEW_LISTENER = 38, 1, 8
_ALLOW, _ASK = 0x7FFF0000, 0x7FC00000
_RECEIVE, _SEND, _CONTINUE = 0xC0502100, 0xC0182101, 1
_QUESTION = struct.Struct("=QIIiIQ6Q")  # id, pid, flags, call's number, architecture, instruction, arguments
_ANSWER = struct.Struct("=QqiI")


def _listen() -> int:
    """Put this process and its children under the filter; returns the descriptor to answer on."""
    calls = [number for name, number in _CALLS.items() if name not in ("seccomp", "openat")]
    program = [(0x20, 0, 0, 0)]  # load the number of the call
    program += [(0x15, len(calls) + 3 - place, 0, number) for place, number in enumerate(calls)]
    program += [(0x15, 0, 2, _CALLS["openat"]), (0x20, 0, 0, 32), (0x45, 1, 0, os.O_CREAT)]  # of its flags
    program += [(0x06, 0, 0, _ALLOW), (0x06, 0, 0, _ASK)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in program))
    head = struct.pack("@HP", len(program), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    found = int(libc.syscall(_CALLS["seccomp"], _SET_FILTER, _NEW_LISTENER, head))
    if found < 0:
        raise OSError(ctypes.get_errno(), "seccomp")
    return found


def _child(channel: socket.socket, work: Callable[..., None], *arguments: object) -> None:
    # The message is sent before the filter can ask about it: sendmsg is no call that changes files.
    listener = _listen()
    channel.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [listener]))])
    os.close(listener)
    work(*arguments)


def run_on_bad_disk(
    context: multiprocessing.context.ForkServerContext,
    folder: Path,
    at: int,
    fault: str,
    work: Callable[..., None],
    *arguments: object,
) -> tuple[int | None, list[str]]:
    """Run `work` in a process whose call number `at` that changes something in `folder` fails with `fault`.

    `fault` is the name of an errno, or "KILL": the process is killed as it is about to make the call. Returns its exit
    code and all such calls ("write chunks.sqlite"). 0 lets all succeed.
    """
    mine, theirs = socket.socketpair()
    process = context.Process(target=_child, args=(theirs, work, *arguments))
    process.start()
    theirs.close()
    with mine:
        _, descriptors, _, _ = socket.recv_fds(mine, 1, 1)
    disk = _Disk(folder, at, fault)
    try:
        _answer_all(descriptors[0], process, disk)
    finally:
        os.close(descriptors[0])
    process.join()
    return process.exitcode, disk.calls


@dataclass
class _Disk:
    """Which calls are seen in `folder`, and what becomes of the one at `at`."""

    folder: Path
    at: int
    fault: str
    calls: list[str] = field(default_factory=list)

    def fails(self, name: str, path: str, process: BaseProcess) -> int:
        """The errno that a call gets instead of being made, or 0."""
        if not path.startswith(f"{self.folder}/"):
            return 0
        self.calls.append(f"{name} {Path(path).name}")
        if len(self.calls) != self.at:
            return 0
        if self.fault == "KILL":
            os.kill(process.pid or 0, signal.SIGKILL)
            return 0
        return int(getattr(errno, self.fault))


def _answer_all(listener: int, process: BaseProcess, disk: _Disk) -> None:
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    poll.register(process.sentinel, select.POLLIN)
    while ready := dict(poll.poll()):
        if not ready.get(listener, 0) & select.POLLIN:
            return
        question = bytearray(_QUESTION.size)
        try:
            fcntl.ioctl(listener, _RECEIVE, question)
        except FileNotFoundError:
            continue  # who asked has died meanwhile
        number, pid, _, call, _, _, *arguments = _QUESTION.unpack(question)
        path = _changed(pid, _NAMES[call], arguments)
        failure = disk.fails(_NAMES[call], path, process)
        answer = _ANSWER.pack(number, 0, -failure, 0 if failure else _CONTINUE)
        try:
            fcntl.ioctl(listener, _SEND, bytearray(answer))
        except FileNotFoundError:
            continue  # as above


def _changed(pid: int, name: str, arguments: Sequence[int]) -> str:
    """The file that a call changes, or "" if it changes none."""
    try:
        if name not in _PATH_ARGUMENT:
            return str(Path(f"/proc/{pid}/fd/{arguments[0]}").readlink())
        with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
            memory.seek(arguments[_PATH_ARGUMENT[name]])
            return memory.read(4096).partition(b"\0")[0].decode("utf-8", "replace")
    except OSError:
        return ""


def unsupported() -> str:
    """Why calls can't be made to fail here, or ""."""
    if not _CALLS:
        return f"no table of the calls of {platform.machine()}"
    child = os.fork()
    if not child:
        try:
            _listen()
        except OSError:
            os._exit(1)
        os._exit(0)
    return "" if os.waitpid(child, 0)[1] == 0 else "seccomp is not permitted here"

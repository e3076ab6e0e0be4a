"""Which system calls a worker may not make, as a program that Linux runs at each of them (seccomp).

An answer computes; it starts no process, opens no connection and traces nobody. Threads are allowed. What is
refused gets an ordinary error, so that Python says what happened. Only where the numbers of the calls are
known: x86-64 and 64-bit ARM; elsewhere the other limits stand alone.
"""

from __future__ import annotations

import platform
import struct
import sys

# From the kernel's tables: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
_X86 = {
    "fork": 57, "vfork": 58, "clone": 56, "clone3": 435, "socket": 41, "socketpair": 53, "ptrace": 101,
    "process_vm_readv": 310, "process_vm_writev": 311, "unshare": 272, "setns": 308, "mount": 165,
    "umount2": 166, "pivot_root": 155, "chroot": 161, "keyctl": 250, "add_key": 248, "request_key": 249,
    "bpf": 321, "perf_event_open": 298, "userfaultfd": 323, "io_uring_setup": 425, "memfd_create": 319,
    "shmget": 29, "msgget": 68, "semget": 64, "mq_open": 240, "pidfd_open": 434, "pidfd_getfd": 438,
    "kexec_load": 246, "init_module": 175, "finit_module": 313, "open_by_handle_at": 304,
    "name_to_handle_at": 303, "memfd_secret": 447, "execveat": 322, "execve": 59, "prlimit64": 302,
    "kill": 62, "tkill": 200, "tgkill": 234, "rt_sigqueueinfo": 129, "rt_tgsigqueueinfo": 297,
    "pidfd_send_signal": 424,
}  # fmt: skip
_ARM = {
    "clone": 220, "clone3": 435, "socket": 198, "socketpair": 199, "ptrace": 117, "process_vm_readv": 270,
    "process_vm_writev": 271, "unshare": 97, "setns": 268, "mount": 40, "umount2": 39, "pivot_root": 41,
    "chroot": 51, "keyctl": 219, "add_key": 217, "request_key": 218, "bpf": 280, "perf_event_open": 241,
    "userfaultfd": 282, "io_uring_setup": 425, "memfd_create": 279, "shmget": 194, "msgget": 186,
    "semget": 190, "mq_open": 180, "pidfd_open": 434, "pidfd_getfd": 438, "kexec_load": 104,
    "init_module": 105, "finit_module": 273, "open_by_handle_at": 265, "name_to_handle_at": 264,
    "memfd_secret": 447, "execveat": 281, "execve": 221, "prlimit64": 261, "kill": 129, "tkill": 130,
    "tgkill": 131, "rt_sigqueueinfo": 138, "rt_tgsigqueueinfo": 240, "pidfd_send_signal": 424,
}  # fmt: skip
# Where a worker has a tree of processes to itself, it may do this: it has to begin, and meets nobody.
_ALONE = {"execve", "prlimit64", "kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"}
_ALONE |= {"pidfd_send_signal"}
_MACHINES = {"x86_64": (0xC000003E, _X86), "aarch64": (0xC00000B7, _ARM)}

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS = 1, 38
_THREAD = 0x00010000
_NUMBER, _ARCH, _FIRST = 0, 4, 16


def program(alone: bool) -> bytes | None:
    """The filter for this machine, or None; `alone` where no other process is in sight."""
    if sys.platform != "linux" or platform.machine() not in _MACHINES or sys.maxsize < 2**32:
        return None
    arch, numbers = _MACHINES[platform.machine()]
    rules = [_rule(_LOAD, _ARCH), _rule(_EQUAL, arch, 1, 0), _rule(_RETURN, _KILL), _rule(_LOAD, _NUMBER)]
    # The x32 calls of x86-64 have numbers of their own, from here on.
    rules += [_rule(_AT_LEAST, 0x40000000, 0, 1), _rule(_RETURN, _REFUSE | _ENOSYS)]
    for name, number in numbers.items():
        if name == "clone":
            # Threads, and nothing else; its flags are its first argument.
            rules += [
                _rule(_EQUAL, number, 0, 4),
                _rule(_LOAD, _FIRST),
                _rule(_ANY_BIT, _THREAD, 1, 0),
                _rule(_RETURN, _REFUSE | _EPERM),
                _rule(_RETURN, _ALLOW),
            ]
        elif not (alone and name in _ALONE):
            # clone3 keeps its flags where a filter can't see them; the C library then falls back to clone.
            error = _ENOSYS if name == "clone3" else _EPERM
            rules += [_rule(_EQUAL, number, 0, 1), _rule(_RETURN, _REFUSE | error)]
    return b"".join([*rules, _rule(_RETURN, _ALLOW)])


def _rule(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)

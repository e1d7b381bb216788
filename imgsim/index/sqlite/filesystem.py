"""What kind of disk a folder lies on: SQLite's write-ahead log needs shared memory, which network shares lack."""

from __future__ import annotations

import os
from pathlib import Path

NETWORK = ("nfs", "cifs", "smb", "afs", "9p", "ceph", "glusterfs", "lustre", "fuse.sshfs", "fuse.rclone", "fuse.gvfsd")
_DRIVE_REMOTE = 4  # of the Windows API
MOUNTS = Path("/proc/self/mountinfo")


def is_network_share(folder: str, mounts: Path = MOUNTS) -> bool:
    """Tell whether a folder lies on a network share."""
    where = os.path.realpath(folder)
    if os.name == "nt":
        return _is_remote(os.path.splitdrive(where)[0])
    if not mounts.exists():
        return False
    kinds = {}
    for line in mounts.read_text(errors="surrogateescape").splitlines():
        before, _, after = line.partition(" - ")
        mount = before.split(" ")[4].replace("\\040", " ")
        if f"{where}/".startswith(mount.rstrip("/") + "/"):
            kinds[mount] = after.split(" ")[0]
    return bool(kinds) and kinds[max(kinds, key=len)].startswith(NETWORK)


def _is_remote(drive: str) -> bool:
    r"""Tell whether a drive of Windows, C: or \\server\share, is one of another machine."""
    import ctypes

    drive = drive.removeprefix("\\\\?\\")
    if not drive.endswith(":"):
        return drive.startswith(("\\\\", "UNC\\"))
    return bool(ctypes.windll.kernel32.GetDriveTypeW(drive + "\\") == _DRIVE_REMOTE)  # type: ignore[attr-defined,unused-ignore]

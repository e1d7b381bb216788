"""What kind of disk a folder lies on: SQLite's write-ahead log needs shared memory, which network shares lack."""

from __future__ import annotations

import os
from pathlib import Path

NETWORK = ("nfs", "cifs", "smb", "afs", "9p", "ceph", "glusterfs", "lustre", "fuse.sshfs", "fuse.rclone", "fuse.gvfsd")
MOUNTS = Path("/proc/self/mountinfo")


def is_network_share(folder: str, mounts: Path = MOUNTS) -> bool:
    """Tell whether a folder lies on a network share."""
    if not mounts.exists():
        return False
    where = os.path.realpath(folder)
    kinds = {}
    for line in mounts.read_text(errors="surrogateescape").splitlines():
        before, _, after = line.partition(" - ")
        mount = before.split(" ")[4].replace("\\040", " ")
        if f"{where}/".startswith(mount.rstrip("/") + "/"):
            kinds[mount] = after.split(" ")[0]
    return bool(kinds) and kinds[max(kinds, key=len)].startswith(NETWORK)

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
    found, kind = "", ""
    for line in mounts.read_text(errors="surrogateescape").splitlines():
        before, _, after = line.partition(" - ")
        mount = before.split(" ")[4].replace("\\040", " ")
        inside = where == mount or where.startswith(mount.rstrip("/") + "/")
        if inside and len(mount) >= len(found):
            found, kind = mount, after.split(" ")[0]
    return kind.startswith(NETWORK)

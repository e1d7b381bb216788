"""Which addresses of the network are of everybody, and which of this machine, this house or nobody."""

from __future__ import annotations

import ipaddress

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE = ipaddress.ip_network("::/96")  # IPv4 in the last four bytes, as once was done


def why_refused(text: str) -> str:
    """Say what a network address is, unless everybody may reach it; empty if so.

    Examples
    --------
    >>> why_refused("127.0.0.1"), why_refused("::ffff:10.0.0.1"), why_refused("93.184.216.34")
    ('loopback', 'private', '')
    """
    address = ipaddress.ip_address(text.partition("%")[0])
    if inner := _inside(address):
        return next(filter(None, map(why_refused, map(str, inner))), "")
    kinds = ("unspecified", "loopback", "link_local", "multicast", "private", "reserved", "site_local")
    found = next((kind for kind in kinds if getattr(address, f"is_{kind}", False)), "")
    return found.replace("_", "-") or ("" if address.is_global else "not public")


def _inside(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """Give the addresses of IPv4 that one of IPv6 leads to."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    if address.ipv4_mapped:
        return [address.ipv4_mapped]
    last = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 0xFFFF):
        return [last]
    if address.teredo:
        return [address.teredo[1]]
    return [address.sixtofour] if address.sixtofour else []

"""Allowed networks: where a booth may stand. No network named means everywhere."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from flask_babel import gettext as _
from flask_babel import lazy_gettext as N_

from models import Election
from services.errors import Forbidden, ValidationFailed

MOST_NETWORKS = 50
FIELD = "allowed_networks"
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class OutsideNetwork(Forbidden):
    """The request comes from a network that this election does not allow."""

    code = "outside_network"
    message = N_("This election is voted in from the commission's own network only. Call the officer.")


def split_networks(text: str) -> list[str]:
    """Return the parts of a text that lists networks by lines, commas or spaces."""
    return [part for part in re.split(r"[\s,;]+", text) if part]


def check_networks(networks: Iterable[str]) -> list[str]:
    """Return the networks in canonical form (`10.1.0.0/16`, `2001:db8::/32`), each once, in the order given.

    Raises ValidationFailed for what is no network, with the nearest one that is.
    """
    found: list[str] = []
    for text in networks:
        name = _canonical(text)
        if name not in found:
            found.append(name)
    if len(found) > MOST_NETWORKS:
        raise ValidationFailed(fields={FIELD: _("Name %(most)s networks or fewer.", most=MOST_NETWORKS)})
    return found


def allows(election: Election, address: str | None) -> bool:
    """Tell whether a booth may stand at this address; an address that cannot be read is outside every network."""
    if not election.allowed_networks:
        return True
    here = _read(address)
    if here is None:
        return False
    return any(here in ipaddress.ip_network(network) for network in election.allowed_networks)


def check_place(election: Election, address: str | None) -> None:
    """Raise OutsideNetwork when the election does not allow the network that this address belongs to."""
    if not allows(election, address):
        raise OutsideNetwork()


def _canonical(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        pass
    try:
        nearest = ipaddress.ip_network(text, strict=False)
    except ValueError:
        words = _("“%(text)s” is no network. Write it as 192.0.2.0/24 or 2001:db8::/32.", text=text[:60])
    else:
        words = _("“%(text)s” is one address of a network. Write %(network)s.", text=text, network=nearest)
    raise ValidationFailed(fields={FIELD: words})


def _read(address: str | None) -> _Address | None:
    """Read an address; an IPv4 one that came over IPv6 (`::ffff:192.0.2.1`) is the IPv4 one."""
    try:
        found = ipaddress.ip_address((address or "").split("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found

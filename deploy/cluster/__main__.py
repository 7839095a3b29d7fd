"""The cluster by hand.

python -m deploy.cluster up                 start what does not live; the first time make everything (a minute)
python -m deploy.cluster status             what lives
python -m deploy.cluster kill PART          kill -9
python -m deploy.cluster start PART         start it again
python -m deploy.cluster promote            make the replica the primary, whether the old one lives or not
python -m deploy.cluster join               make the other server a replica again
python -m deploy.cluster down               stop everything
"""

from __future__ import annotations

import argparse
import sys
import time

from deploy.cluster.whole import PARTS, Cluster


def main() -> int:
    """Do what was asked; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("act", choices=("up", "status", "kill", "start", "promote", "join", "down"))
    parser.add_argument("part", nargs="?", choices=PARTS)
    options = parser.parse_args()
    if options.act in ("kill", "start") and options.part is None:
        parser.error(f"name the part: {', '.join(PARTS)}")
    cluster, begun = Cluster(), time.monotonic()
    acts = {
        "up": cluster.up,
        "kill": lambda: cluster.kill(options.part),
        "start": lambda: cluster.start(options.part),
        "promote": cluster.promote,
        "join": cluster.pair.join,
        "down": cluster.down,
        "status": lambda: None,
    }
    acts[options.act]()
    for name, said in (cluster.status() if options.act != "down" else {}).items():
        print(f"{name:10} {said}")
    print(f"{options.act} in {time.monotonic() - begun:.1f} s; {cluster.layout.address}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

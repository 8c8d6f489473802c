"""Run the fake: `python -m fake_salesforce --port 8123`; for trying things by hand."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from fake_salesforce.org import Org
from fake_salesforce.server import CLIENT_ID, CLIENT_SECRET, FakeSalesforce, Running

SETTINGS = Path(__file__).parents[3] / "docs" / "salesforce"


def main() -> None:
    """Serve an empty org until the process is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8123)
    with Running(FakeSalesforce(Org(settings=SETTINGS)), parser.parse_args().port) as running:
        print(f"export SALESFORCE_INSTANCE_URL={running.address}")
        print(f"export SALESFORCE_CLIENT_ID={CLIENT_ID} SALESFORCE_CLIENT_SECRET={CLIENT_SECRET}", flush=True)
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    main()

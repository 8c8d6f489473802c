"""Read the REST API page by page: an example for programs. It needs Python and nothing else.

    LEADS_API_TOKEN=leads_… python docs/examples/api_client.py ADDRESS RESOURCE [NAME=VALUE]...

For example: api_client.py http://127.0.0.1:8100 leads status=net_new. Each row is printed as a line of JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator

TRIES = 5


def ask(url: str) -> dict:
    """Return what the API answers; where it is busy, ask again after the time that it tells."""
    headers = {"authorization": f"Bearer {os.environ['LEADS_API_TOKEN']}", "accept": "application/json"}
    for left in reversed(range(TRIES)):
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == 503 and left:
                time.sleep(float(error.headers.get("retry-after", 5)))
                continue
            # What is wrong stands in the answer, as RFC 9457 describes it.
            problem = json.load(error)
            raise SystemExit(f"{problem['title']}. {problem.get('detail', '')}") from error
    raise AssertionError


def rows(address: str, resource: str, filters: dict[str, str]) -> Iterator[dict]:
    """Return every row of a resource, a page at a time; rows that come meanwhile do no harm."""
    cursor = ""
    while cursor is not None:
        parameters = {**filters, "limit": "200", **({"cursor": cursor} if cursor else {})}
        page = ask(f"{address}/api/v1/{resource}?{urllib.parse.urlencode(parameters)}")
        yield from page["data"]
        cursor = page["next_cursor"]


if __name__ == "__main__":
    chosen = dict(item.split("=", 1) for item in sys.argv[3:])
    for row in rows(sys.argv[1], sys.argv[2], chosen):
        print(json.dumps(row))

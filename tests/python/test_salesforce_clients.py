"""The fake Salesforce is held to truth: jsforce and Salesforce's own command line run against it as published.

Where they expect something else than the fake gives, the fake is wrong. They are installed once for each lock file,
outside the checkout; without npm, or without a way to a registry, these tests are skipped, but not in CI.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from filelock import FileLock

from conftest import ROOT
from fake_salesforce.org import Org
from fake_salesforce.server import CLIENT_ID, CLIENT_SECRET, FakeSalesforce, Running

CLIENTS = ROOT / "tests" / "salesforce_clients"
SETTINGS = ROOT / "docs" / "salesforce"
USER = "integration@example.com"


@pytest.fixture(scope="session")
def salesforce_clients() -> Path:
    """The folder `node_modules` with both clients and the Node.js that they need."""
    lock = CLIENTS / "package-lock.json"
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lead_enrichment" / "salesforce_clients"
    folder = base / hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    base.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not (folder / "ready").exists():
            npm = shutil.which("npm")
            if npm is None:
                pytest.fail("npm is not installed: the clients of Salesforce come from it")
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for name in ("package.json", "package-lock.json"):
                shutil.copy(CLIENTS / name, folder / name)
            command = [str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
            if done.returncode:
                pytest.fail(f"npm ci failed: {done.stderr[-1000:]}")
            (folder / "ready").touch()
    return folder / "node_modules"


@pytest.fixture(scope="session")
def node(salesforce_clients: Path) -> str:
    """The Node.js from the lock file: a distribution's may be too old for the clients."""
    kind = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    program = salesforce_clients / f"node-linux-{kind}" / "bin" / "node"
    found = str(program) if program.exists() else shutil.which("node")
    if found is None:
        pytest.fail("there is no Node.js for this machine")
    return str(found)


@pytest.fixture(scope="module")
def private_key() -> bytes:
    """The key of a connected app, as a PEM file."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.fixture
def running(private_key: bytes) -> Iterator[Running]:
    """An empty org with the project's metadata deployed."""
    key = serialization.load_pem_private_key(private_key, None).public_key()
    public = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    with Running(FakeSalesforce(Org(settings=SETTINGS), public_key=public.decode())) as running:
        yield running


def test_jsforce_finds_what_it_expects(salesforce_clients: Path, node: str, running: Running) -> None:
    script = CLIENTS / "jsforce_checks.js"
    done = subprocess.run(
        [node, str(script), str(salesforce_clients), running.address, CLIENT_ID, CLIENT_SECRET],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, f"after {done.stdout.splitlines()[-1:]}: {done.stderr[-3000:]}"
    # Each step says its name when it is done.
    assert done.stdout.splitlines()[-1] == "an expired session"


def test_command_line_of_salesforce_finds_what_it_expects(
    salesforce_clients: Path, node: str, running: Running, private_key: bytes, tmp_path: Path
) -> None:
    org = running.fake.org
    # Several pages, so that it follows the locators.
    running.fake.page_rows = 400
    key = tmp_path / "key.pem"
    key.write_bytes(private_key)
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "SF_DISABLE_TELEMETRY": "true",
        "SF_AUTOUPDATE_DISABLE": "true", "SF_SKIP_NEW_VERSION_CHECK": "true", "SF_USE_GENERIC_UNIX_KEYCHAIN": "true",
    }  # fmt: skip

    def sf(*words: str, expect: int = 0) -> Any:
        done = subprocess.run(
            [node, str(salesforce_clients / "@salesforce" / "cli" / "bin" / "run.js"), *words, "--json"],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == expect, f"sf {' '.join(words)}: {done.stdout[-3000:]}{done.stderr[-1000:]}"
        return json.loads(done.stdout)

    sf("org", "login", "jwt", "--client-id", CLIENT_ID, "--jwt-key-file", str(key), "--username", USER,
       "--instance-url", running.address, "--set-default")  # fmt: skip
    made = sf("data", "create", "record", "-s", "Lead", "-v", "LastName=Doe Company='Little Co' Email=d@example.com")
    row_id = made["result"]["id"]
    # A session that has expired is begun anew.
    running.fake.tokens.clear()
    sf("data", "update", "record", "-s", "Lead", "-i", row_id, "-v", "Phone=+17025550142")
    found = sf("data", "query", "-q", "SELECT Id, Phone FROM Lead WHERE Email = 'd@example.com'")["result"]["records"]
    assert [(row["Id"], row["Phone"]) for row in found] == [(row_id, "+17025550142")]

    rows = "".join(f"N{number},Bulk,oklahoma:{number}\n" for number in range(999))
    (tmp_path / "leads.csv").write_text(f"LastName,Company,Lead_Enrichment_Key__c\n{rows},Bulk,oklahoma:x\n")
    failed = sf("data", "upsert", "bulk", "-s", "Lead", "-f", "leads.csv", "-i", "Lead_Enrichment_Key__c", "--wait",
                "2", expect=1)  # fmt: skip
    sf("data", "bulk", "results", "--job-id", failed["data"]["jobId"])
    (refused,) = tmp_path.glob("*-failed-records.csv")
    assert "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]" in refused.read_text()
    assert len(org.leads) == 1_000

    sf("data", "export", "bulk", "-q", "SELECT Id, Company FROM Lead", "--output-file", "all.csv", "--wait", "2",
       "--result-format", "csv")  # fmt: skip
    assert len((tmp_path / "all.csv").read_text().splitlines()) == 1_001
    # It reads the metadata that an admin deploys.
    shutil.copytree(SETTINGS, tmp_path / "metadata")
    project = (SETTINGS / "sfdx-project.json").read_text().replace('"path": "', '"path": "metadata/')
    (tmp_path / "sfdx-project.json").write_text(project)
    sf("project", "convert", "source", "--source-dir", "metadata/objects", "--source-dir", "metadata/permissionsets",
       "--output-dir", "converted")  # fmt: skip
    members = re.findall("<members>(.*)</members>", (tmp_path / "converted" / "package.xml").read_text())
    assert {"Lead.Lead_Enrichment_Key__c", "Lead.Lead_Enrichment_Unchanged", "Lead_Enrichment"} <= set(members)
    limits = {item["name"]: item for item in sf("org", "list", "limits")["result"]}
    assert limits["DailyApiRequests"]["remaining"] < limits["DailyApiRequests"]["max"]

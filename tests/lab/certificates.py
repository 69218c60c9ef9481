# SPDX-License-Identifier: Apache-2.0
"""A certificate authority and certificates for 127.0.0.1, made by openssl."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
# As `openssl ca` wants them: the only way to sign for a time that is over, in all versions of 3.
CA_CONFIG = """
[ca]
default_ca = lab
[lab]
dir = {folder}
database = {folder}/index.txt
new_certs_dir = {folder}
serial = {folder}/serial
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
"""


@dataclass(frozen=True)
class Certificate:
    chain: Path
    key: Path


class Authority:
    """Signs certificates; `file` is its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.file = folder / "ca.pem"
        self.key = folder / "ca.key"
        (folder / "index.txt").touch()
        (folder / "serial").write_text("01\n")
        (folder / "ca.conf").write_text(CA_CONFIG.format(folder=folder))
        usage = ["-addext", "keyUsage=critical,keyCertSign"]
        _openssl("req", "-x509", *KEY, *usage, "-subj", "/CN=lab CA", "-keyout", self.key, "-out", self.file)

    @cached_property
    def usual(self) -> Certificate:
        """A certificate that is good."""
        return self.sign("bmc")

    def sign(self, name: str, address: str = "IP:127.0.0.1", *, expired: bool = False) -> Certificate:
        key, request, chain = (self.folder / f"{name}.{suffix}" for suffix in ("key", "csr", "pem"))
        names = ["-addext", f"subjectAltName={address}"]
        _openssl("req", "-new", *KEY, *names, "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        times = ("20200101000000Z", "20210101000000Z") if expired else ("20200101000000Z", "20490101000000Z")
        signer = ["-config", self.folder / "ca.conf", "-cert", self.file, "-keyfile", self.key]
        signed = ["-startdate", times[0], "-enddate", times[1], "-in", request, "-out", chain, "-notext"]
        _openssl("ca", "-batch", *signer, *signed)
        return Certificate(chain, key)

    def self_signed(self) -> Certificate:
        key, chain = self.folder / "self.key", self.folder / "self.pem"
        names = ["-addext", "subjectAltName=IP:127.0.0.1"]
        _openssl("req", "-x509", *KEY, *names, "-subj", "/CN=self", "-days", "3650", "-keyout", key, "-out", chain)
        return Certificate(chain, key)


def _openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

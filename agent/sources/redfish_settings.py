# SPDX-License-Identifier: Apache-2.0
"""The BMC's address and account: from the config's `sources: {redfish: …}`, or the environment.

The password is read when it is needed and kept nowhere; no repr shows it.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.errors import SourceAbsent, SourceDenied

if TYPE_CHECKING:
    from collections.abc import Mapping

USER_VARIABLE = "WATTPRINT_REDFISH_USER"
PASSWORD_VARIABLE = "WATTPRINT_REDFISH_PASSWORD"  # noqa: S105 - the name of a variable
DEFAULT_DEADLINE_SECONDS = 60.0

SETTINGS = {
    "address": {
        "type": "string",
        "pattern": r"^https://[^/?#\s]+/?$",
        "examples": ["https://10.0.0.5"],
        "description": (
            "The BMC's address, with the name or number that its certificate is for. Without it no BMC is asked."
        ),
    },
    "user": {
        "type": "string",
        "minLength": 1,
        "description": f"An account that may only read; by default the value of the environment's {USER_VARIABLE}.",
    },
    "password_file": {
        "type": "string",
        "pattern": "^/",
        "examples": ["/etc/wattprint/bmc-password"],
        "description": (
            "A file that holds the account's password and that nobody but the agent may read; without one, the "
            f"environment's {PASSWORD_VARIABLE} holds the password."
        ),
    },
    "ca_file": {
        "type": "string",
        "pattern": "^/",
        "examples": ["/etc/wattprint/bmc-ca.pem"],
        "description": (
            "The certificate that signed the BMC's, as PEM; by default the authorities that the system trusts."
        ),
    },
    "verify": {
        "type": "boolean",
        "default": True,
        "description": (
            "Whether the BMC's certificate is checked. Without that, anyone in between can read the password."
        ),
    },
}

_LONGEST_PASSWORD_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Account:
    """Who logs in."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RedfishSettings:
    """Where the BMC is, how its certificate is checked and how long it may take."""

    address: str
    user: str
    password_file: Path | None  # None: the environment has the password
    ca: str | bool  # a file of authorities, True for the system's, False to trust anyone
    deadline_seconds: float

    def account(self) -> Account:
        """Return the account with its password, read anew: it may have been changed.

        Raises:
            SourceDenied: there is no password to be read.
        """
        if self.password_file is None:
            return Account(self.user, os.environ.get(PASSWORD_VARIABLE, ""))
        try:
            with self.password_file.open(encoding="utf-8") as file:
                password = file.read(_LONGEST_PASSWORD_BYTES).rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            raise SourceDenied(
                f"the password file {self.password_file} cannot be read: {why}", remedy=self._file_remedy
            ) from None
        if not password:
            raise SourceDenied(f"the password file {self.password_file} is empty", remedy=self._file_remedy)
        return Account(self.user, password)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is risky about the settings."""
        notes = []
        if self.ca is False:
            notes.append(
                f"the certificate of {self.address} is not checked (verify: false): anyone in between can read the "
                "password; set sources.redfish.ca_file instead"
            )
        if self.password_file is not None and _is_open_to_others(self.password_file):
            notes.append(f"others may read {self.password_file}: sudo chmod o= {self.password_file}")
        return tuple(notes)

    @property
    def _file_remedy(self) -> str:
        return (
            f"put the password of an account that may only read into it, for the agent's user alone: "
            f"sudo install -m 600 -o {_own_name()} /dev/stdin {self.password_file}"
        )


def redfish_settings(given: Mapping[str, Any]) -> RedfishSettings:
    """Return the settings of a BMC that is configured.

    Raises:
        SourceAbsent: none is configured.
        SourceDenied: something is missing to log in.
    """
    if "address" not in given:
        raise SourceAbsent(
            "no BMC is configured", remedy="set sources.redfish.address, user and password_file in the config file"
        )
    if "@" in given["address"]:  # not a matter of the schema, whose errors show what was given
        raise SourceDenied(
            "the BMC's address holds an account", remedy="use sources.redfish.user and password_file instead"
        )
    user = given.get("user") or os.environ.get(USER_VARIABLE, "")
    file = given.get("password_file")
    if not user:
        raise SourceDenied("the BMC's user is not known", remedy=f"set sources.redfish.user or {USER_VARIABLE}")
    if file is None and not os.environ.get(PASSWORD_VARIABLE):
        raise SourceDenied(
            "the BMC's password is not known", remedy=f"set sources.redfish.password_file or {PASSWORD_VARIABLE}"
        )
    return RedfishSettings(
        address=given["address"],
        user=user,
        password_file=None if file is None else Path(file),
        ca=_authorities(given),
        deadline_seconds=given.get("deadline_seconds", DEFAULT_DEADLINE_SECONDS),
    )


def _authorities(given: Mapping[str, Any]) -> str | bool:
    if not given.get("verify", True):
        return False
    ca_file = given.get("ca_file")
    if ca_file is None:
        return True
    if not os.access(ca_file, os.R_OK):
        raise SourceDenied(
            f"the CA file {ca_file} cannot be read",
            remedy="put there, readable for the agent, the certificate that signed the BMC's, as PEM",
        )
    return str(ca_file)


def _is_open_to_others(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & stat.S_IRWXO)
    except OSError:
        return False


def _own_name() -> str:
    return str(os.geteuid()) if os.geteuid() else "root"

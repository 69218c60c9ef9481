# SPDX-License-Identifier: Apache-2.0
"""Problems: what is not known, assumed or broken, with the reason and the remedy."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something that is unknown, defaulted or broken.

    `origin` names what has it (a source, `inventory`, `factors`, `history`), `reason` is a stable slug fit
    for a metric label and an alert, `what` states it for a person, and `remedy` what to do about it.
    """

    origin: str
    reason: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.origin}: {self.what}; {self.remedy}"

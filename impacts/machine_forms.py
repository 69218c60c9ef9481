# SPDX-License-Identifier: Apache-2.0
"""Forms of machines: servers, and the computers that are none, by what their makers call them.

The firmware's chassis type alone does not decide: many a tower server calls its case a desktop's.
"""

from __future__ import annotations

import re

SERVER_FORMS = ("rack", "blade", "tower")
COMPUTER_FORMS = ("laptop", "desktop", "all_in_one", "workstation", "mini_pc", "embedded")

# Product lines, as SMBIOS has them at the beginning of a model's name; the first that fits decides.
_LINES = (
    (
        "server",
        r"PowerEdge|ProLiant|Synergy|Apollo|Edgeline|ThinkSystem|ThinkServer|ThinkEdge|System x|PRIMERGY|PRIMEQUEST|UCS|Altos",
    ),
    ("mini_pc", r"Mac ?mini|Mac ?Studio|NUC\d|.*\bTiny\b|.*\bNano\b|OptiPlex .*Micro|.*Desktop Mini|.*\bMini PC\b"),
    (
        "workstation",
        r"Precision (?:Tower|Rack|.*(?:Tower|Compact|Rack|Small)|[579][89][0-9]0)|ThinkStation|HP Z\d|Z[2468]\d* .*Workstation|Mac ?Pro|CELSIUS",
    ),
    ("all_in_one", r"iMac|.*All-in-One|.*\bAIO\b|Surface Studio"),
    ("desktop", r"OptiPlex|ThinkCentre|IdeaCentre|EliteDesk|ProDesk|HP EliteDesk|HP ProDesk|ESPRIMO|Vostro 3[69]\d0"),
    (
        "laptop",
        r"MacBook|Latitude|XPS 1|Inspiron 1|Vostro|Precision|Chromebook|Think(?:Pad|Book)|IdeaPad|Yoga|.*(?:Elite|Pro|Z)Book",
    ),
    ("embedded", r"Wyse|.*Thin Client|IOT\d|SIMATIC"),
)


def form_by_name(model: str | None) -> str | None:
    """Return the form of a computer that is no server by its product line; `server` for a line of servers; else None."""
    return next((form for form, names in _LINES if re.match(names, model or "", re.IGNORECASE)), None)

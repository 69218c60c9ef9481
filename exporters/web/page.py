# SPDX-License-Identifier: Apache-2.0
"""The landing page: what the host draws and emits, on what grounds, and what is wrong, in one look.

One self-contained document: no script, nothing from elsewhere. Its figures are those of the snapshot.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING

from exporters.web import details, now_and_since
from exporters.web.amounts import POWER, duration
from exporters.web.markup import Markup, element, joined
from impacts.quantities import BUILD, HOST, HOST_ENERGY, HOST_POWER

if TYPE_CHECKING:
    from datetime import datetime

    from impacts.snapshots import Snapshot

_STYLE = files("exporters.web").joinpath("page.css").read_text(encoding="utf-8")
STYLE_HASH = f"sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}"  # for the Content-Security-Policy

_REFRESH_SECONDS = 10
_WAITING_REFRESH_SECONDS = 2
_STALE_AFTER_SECONDS = 60.0
_WAITING = "The first figures come in a few seconds: energy is the difference between two readings."


def landing_page(snapshot: Snapshot | None, now: datetime) -> str:
    """Return the page as seen at `now` (UTC); without a snapshot, a page that says when to expect one."""
    if snapshot is None:
        return _document("wattprint", _WAITING_REFRESH_SECONDS, _header(None, now), _notice(_WAITING))
    sections = element(
        "main",
        now_and_since.power(snapshot),
        now_and_since.periods(snapshot),
        now_and_since.problems(snapshot),
        details.hardware(snapshot),
        details.sources(snapshot),
        details.channels(snapshot),
        details.factors(snapshot),
    )
    waiting = [] if _has_begun(snapshot) else [_notice(_WAITING)]
    return _document(_title(snapshot), _REFRESH_SECONDS, _header(snapshot, now), *waiting, sections, _footer(snapshot))


def _document(title: str, refresh_seconds: int, *body: Markup) -> str:
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="refresh", content=str(refresh_seconds)),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("link", rel="icon", href="data:,"),  # else browsers ask for /favicon.ico
        element("style", Markup(_STYLE)),
    )
    return f"<!doctype html>\n{element('html', head, element('body', *body), lang='en')}\n"


def _title(snapshot: Snapshot) -> str:
    figures = snapshot.named(HOST_POWER.name)
    if not figures:
        return "wattprint"
    amount = POWER.amount(figures[0].estimate)
    return f"{amount.central} {amount.unit} · wattprint"


def _has_begun(snapshot: Snapshot) -> bool:
    return bool(snapshot.named(HOST_POWER.name) or snapshot.named(HOST_ENERGY.name))


def _header(snapshot: Snapshot | None, now: datetime) -> Markup:
    name = element("h1", "wattprint")
    if snapshot is None:
        return element("header", name)
    return element("header", name, _host(snapshot), _age(snapshot, now))


def _host(snapshot: Snapshot) -> Markup:
    """Return what the machine is, from the parts of it that are known."""
    labels = [figure.label_pairs for figure in snapshot.named(HOST.name)]
    if not labels:
        return element("p", "This host")
    host = labels[0]
    product = " ".join(filter(None, [host["manufacturer"], host["product"]]))
    virtual = "virtual machine" if host["virtual"] == "true" else ""
    return element("p", " · ".join(filter(None, [product, host["cpu_model"], virtual])) or "This host")


def _age(snapshot: Snapshot, now: datetime) -> Markup:
    age_seconds = (now - snapshot.taken_at).total_seconds()
    if age_seconds > _STALE_AFTER_SECONDS:
        return _notice(
            f"These figures are {duration(age_seconds)} old: the agent has stopped sampling. Its log says why."
        )
    taken_at = element("time", f"{snapshot.taken_at:%Y-%m-%d %H:%M:%S} UTC", datetime=snapshot.taken_at.isoformat())
    return element("p", taken_at, f", {duration(age_seconds)} ago", class_="soft")


def _notice(text: str) -> Markup:
    return element("p", text, class_="notice", role="status")


def _footer(snapshot: Snapshot) -> Markup:
    build = [figure.label_pairs for figure in snapshot.named(BUILD.name)]
    version = f"wattprint {build[0]['version']}, Python {build[0]['python']}" if build else "wattprint"
    metrics = element("a", "/metrics", href="/metrics")
    return element(
        "footer",
        element("p", joined("All figures for Prometheus: ", metrics)),
        element("p", "Ranges are lower and upper bounds. Nothing is netted or offset."),
        element("p", version),
    )

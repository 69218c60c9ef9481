# SPDX-License-Identifier: Apache-2.0
"""What the page's sections are made of: panels, tables, amounts with their bounds, and bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporters.web.markup import Markup, element, joined
from impacts.values.estimates import total

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from exporters.web.amounts import Scale
    from impacts.figures import Figure
    from impacts.problems import Problem
    from impacts.quantities import Quantity
    from impacts.values.estimates import Estimate

# Whose problem explains that a figure is missing.
POWER_ORIGINS = ("host", "wholehost", "sampler", "rapl", "model")
GRID_ORIGINS = ("electricity", "factors", "config")
HARDWARE_ORIGINS = ("embodied", "inventory", "factors")


def panel(name: str, title: str, *content: Markup) -> Markup:
    """Return a section with its heading."""
    heading = element("h2", title, id=f"{name}-title")
    return element("section", heading, *content, id=name, aria_labelledby=f"{name}-title")


def table(caption: str, columns: Sequence[Markup | str], rows: Iterable[Markup]) -> Markup:
    """Return a table whose first column names the rows."""
    head = element("tr", *(element("th", column, scope="col") for column in columns))
    return element("table", element("caption", caption), element("thead", head), element("tbody", *rows))


def row(name: Markup | str, *cells: Markup | str) -> Markup:
    """Return a table row: its name and its cells."""
    return element("tr", element("th", name, scope="row"), *(element("td", cell) for cell in cells))


def number(estimate: Estimate, scale: Scale) -> Markup:
    """Return central value and unit, and the bounds below."""
    amount = scale.amount(estimate)
    central = joined(element("b", amount.central), f" {amount.unit}")
    if not amount.bounds:
        return element("span", central, class_="amount")
    bounds = element("small", f"{amount.bounds} {amount.unit}")
    return element("span", central, Markup(" "), bounds, class_="amount")


def unknown(reason: str) -> Markup:
    """Return what stands in the place of a number that is not there."""
    return element("span", "not known yet", *([element("small", sentence(reason))] if reason else []), class_="unknown")


def known_or_not(estimate: Estimate | None, scale: Scale, reason: str) -> Markup:
    """Return the number, or that it is unknown and why."""
    return unknown(reason) if estimate is None else number(estimate, scale)


def described(name: str, description: str) -> Markup:
    """Return a name with a few soft words below it."""
    return joined(name, " ", element("small", description)) if description else joined(name)


def prose(text: str) -> Markup:
    """Return a sentence with what stands between backticks set as code."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:  # a lone backtick is only a character
        return joined(text)
    return joined(*(element("code", piece) if index % 2 else piece for index, piece in enumerate(pieces)))


def sentence(text: str) -> str:
    """Return `text` with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def sum_of(figures: Iterable[Figure], quantity: Quantity) -> Estimate | None:
    """Return the sum over the labels of one quantity; None if there is no figure of it."""
    estimates = [figure.estimate for figure in figures if figure.quantity == quantity]
    return total(estimates) if estimates else None


def reason_from(problems: Iterable[Problem], *origins: str) -> str:
    """Return why a figure may be missing: the first problem of what it comes from."""
    return next((problem.what for problem in problems if problem.origin in origins), "")


def bar(estimate: Estimate, full: float) -> Markup:
    """Return a line as long as the central value on a band from low to high; `full` is the whole width."""

    def share(value: float) -> str:
        return f"{100 * value / full:.2f}" if full else "0"

    return element(
        "svg",
        element("rect", class_="track", width="100", height="10"),
        element("rect", class_="range", x=share(estimate.low), width=share(estimate.high - estimate.low), height="10"),
        element("rect", class_="central", y="3.5", width=share(estimate.central), height="3"),
        viewBox="0 0 100 10",
        preserveAspectRatio="none",
        aria_hidden="true",  # the numbers stand beside it
    )

# SPDX-License-Identifier: Apache-2.0
"""wattprint factors: which cited numbers this program has, and which one it takes for a question."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

from agent.answers.factor_answer import Answer, answer
from agent.cli import DONE
from agent.cli.options import add_config, add_format
from agent.cli.tables import aligned, problem_lines
from agent.config_file import config_of
from agent.errors import ConfigError
from agent.written.imports import import_factors, imported_datasets
from impacts.datasets import load_book, read_datasets
from impacts.problems import Problem
from impacts.values.derivations import spread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from agent.host import Host
    from impacts.datasets import Dataset
    from impacts.electricity.grid import GridSplit
    from impacts.factors import Factor, FactorMatch
    from impacts.values.estimates import Estimate

    _Read = tuple[Dataset, tuple[Factor, ...]]

HELP = "list the cited numbers behind every figure, show the one that is taken for a subject, or import your own"


_PER_KWH = "gCO2e/kWh"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions and their options, which may also stand before the action."""
    add_format(parser, "text", "json")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action")
    listing = actions.add_parser("list", help="every dataset with its publisher and licence, and the subjects it knows")
    showing = actions.add_parser("show", help="the factor that is taken for SUBJECT, and what else there is")
    showing.add_argument(
        "subject", metavar="SUBJECT", help="cpu_die, electricity:FR, electricity:FR:2023 … (`factors list` names them)"
    )
    showing.add_argument("--criterion", metavar="C", help="gwp, adpe, pe, water, power or attribute (default: gwp)")
    importing = actions.add_parser(
        "import", help="check a CSV file of residual mixes or of siblings' power and keep it for the agent"
    )
    importing.add_argument(
        "file", type=Path, metavar="F", help="the file; docs/market-based.md and docs/siblings.md have its columns"
    )
    importing.add_argument("--into", type=Path, metavar="DIR", help="the state directory (default: the config's)")
    for action in (listing, showing):
        action.add_argument("--format", choices=("text", "json"), default=argparse.SUPPRESS, help="how to print it")
        action.add_argument("--state", type=Path, metavar="DIR", help="the state directory, for what was imported")
    for action in (listing, showing, importing):
        add_config(action)
        action.add_argument("--root", type=Path, default=argparse.SUPPRESS, metavar="DIR", help=argparse.SUPPRESS)


def execute(arguments: argparse.Namespace, host: Host) -> int:
    """Print the datasets, or the factor of one subject and what else could have been taken; or import a file."""
    if arguments.action == "import":
        print("\n".join(_import(arguments, host)))
        return DONE
    as_json = arguments.format == "json"
    imported, problems = _imported(arguments, host)
    if arguments.action == "show":
        shown = answer(arguments.subject, arguments.criterion, host.clock.utc_now().date(), imported)
        shown = replace(shown, problems=(*shown.problems, *problems))
        text = json.dumps(_shown_document(shown), indent=2) if as_json else "\n".join(_shown_text(shown))
    else:
        read = [*read_datasets(), *imported]
        text = json.dumps(_list_document(read), indent=2) if as_json else "\n".join(_list_text(read, problems))
    print(text)
    return DONE


def _import(arguments: argparse.Namespace, host: Host) -> Iterator[str]:
    directory = arguments.into or config_of(host, arguments.config).state_directory
    done = import_factors(arguments.file, directory, load_book())
    yield f"{done.file}: {done.summary}; restart the agent to use them"
    yield from problem_lines(_one_of_each(done.problems))


def _one_of_each(problems: Sequence[Problem]) -> Iterator[Problem]:
    """Return one problem for each reason, and how many more there are: a whole continent's rows may count CO2 alone."""
    for reason, count in Counter(problem.reason for problem in problems).items():
        first = next(problem for problem in problems if problem.reason == reason)
        yield replace(first, what=f"{first.what} ({count - 1} more like it)") if count > 1 else first


def _imported(arguments: argparse.Namespace, host: Host) -> tuple[list[_Read], tuple[Problem, ...]]:
    """Return what was imported on this host. Unless a directory or config was named, failing to read it is a problem only."""
    state, config = getattr(arguments, "state", None), getattr(arguments, "config", None)
    if state is None and config is None and not host.is_own:
        return [], ()
    try:
        return imported_datasets(state or config_of(host, config).state_directory), ()
    except ConfigError as error:
        if state is not None or config is not None:
            raise
        what = f"what was imported is left out: {error}"
        return [], (Problem("factors", "imported_unreadable", what, "or name the state directory with --state"),)


def _list_document(read: Sequence[_Read]) -> dict[str, Any]:
    return {
        "datasets": [
            {
                "dataset": dataset.id,
                "title": dataset.title,
                "publisher": dataset.publisher,
                "year": dataset.year,
                "licence": dataset.licence,
                "url": dataset.url,
                "criterion": dataset.criterion,
                "boundary": dataset.boundary,
                "bounds": dataset.bounds,
                "rows": len(factors),
                "subjects": sorted({factor.subject for factor in factors}),
            }
            for dataset, factors in read
        ]
    }


def _list_text(read: Sequence[_Read], problems: Sequence[Problem]) -> Iterator[str]:
    rows = [("dataset", "publisher", "year", "licence", "criterion", "rows")]
    rows += [(d.id, d.publisher, str(d.year), d.licence, d.criterion, str(len(factors))) for d, factors in read]
    yield from aligned(rows, right=frozenset({5}))
    yield "\nSubjects (`wattprint factors show SUBJECT`):"
    for dataset, factors in read:
        yield f"  {dataset.id}: {', '.join(_groups(factors))}"
    yield from problem_lines(problems)


def _groups(factors: tuple[Factor, ...]) -> Iterator[str]:
    """Yield the subjects, a family in one piece: its first member and how many more, or the regions that it has."""
    families: dict[str, dict[str, None]] = {}
    for factor in factors:
        families.setdefault(factor.subject.partition(":")[0], {}).setdefault(factor.subject)
    regions = sorted({factor.region for factor in factors if factor.region})
    for family, members in families.items():
        names = list(members)
        if regions:
            yield f"{family}:REGION[:YEAR] ({len(regions)} regions, {regions[0]} to {regions[-1]})"
        else:
            yield names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more of {family}"


def _shown_document(shown: Answer) -> dict[str, Any]:
    return {
        "subject": shown.question,
        "chosen": _match(shown.chosen, shown),
        "alternatives": [_match(match, shown) for match in shown.alternatives],
        "spread": _spread(shown),
        "split": _split(shown.split),
        "regions": shown.regions,
        "problems": [asdict(problem) for problem in shown.problems],
    }


def _spread(shown: Answer) -> dict[str, Any] | None:
    between = shown.spread_over_datasets()
    if between is None:
        return None
    datasets = [factor.citation.dataset for factor in (shown.chosen.factor, *shown.of_other_datasets)]
    return {"low": between[0], "high": between[1], "datasets": datasets}


def _split(split: GridSplit | None) -> dict[str, Any] | None:
    if split is None:
        return None
    parts = {"scope2": split.scope2.in_unit(_PER_KWH), "category3": split.upstream.in_unit(_PER_KWH)}
    return {
        name: {"central": part.central, "low": part.low, "high": part.high, "unit": part.unit}
        for name, part in parts.items()
    }


def _match(match: FactorMatch, shown: Answer) -> dict[str, Any]:
    factor, value = match.factor, shown.as_printed(match.factor)
    return {
        "criterion": factor.criterion,
        "central": value.central,
        "low": value.low,
        "high": value.high,
        "unit": value.unit,
        "region": factor.region,
        "valid_from": _day(factor.valid_from),
        "valid_until": _day(factor.valid_until),
        "dataset": factor.citation.dataset,
        "entry": factor.citation.entry,
        "boundary": factor.boundary,
        "fit": match.fit.value,
        "licence": factor.citation.licence,
        "source": factor.citation.title,
        "locator": factor.citation.locator,
        "url": factor.citation.url,
    }


def _day(day: date) -> str | None:
    """Return an ISO date; None where the row has no beginning or no end."""
    return None if day in {day.min, day.max} else day.isoformat()


def _shown_text(shown: Answer) -> Iterator[str]:
    factor, citation = shown.chosen.factor, shown.chosen.factor.citation
    from_day, until_day = _day(factor.valid_from), _day(factor.valid_until)
    yield f"{shown.question} ({factor.criterion}): {spread(shown.as_printed(factor))}"
    rows = [
        ("source", f"{citation.title} ({citation.year})"),
        ("where", citation.locator),
        ("url", citation.url),
        ("licence", citation.licence),
        ("dataset", f"{citation.dataset}, entry {citation.entry}"),
        ("boundary", factor.boundary.replace("_", " ")),
        ("valid", f"{from_day} to {until_day}" if from_day else ""),
        ("fit", shown.chosen.fit.value.replace("_", " ")),
        ("bounds", shown.why_these_bounds),
        *_grid_rows(shown),
    ]
    yield from (f"  {line}" for line in aligned([row for row in rows if row[1]]))
    if shown.alternatives:
        yield "\nWhat else there is:"
        yield from (f"  {line}" for line in aligned([_row(match, shown) for match in shown.alternatives]))
    if shown.regions:
        yield f"\n{shown.question}:REGION is known of:"
        yield fill(" ".join(shown.regions), 100, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
    if shown.other_criteria:
        yield f"\nAlso known of it: {', '.join(f'--criterion {criterion}' for criterion in shown.other_criteria)}"
    yield from problem_lines(shown.problems)


def _grid_rows(shown: Answer) -> Iterator[tuple[str, str]]:
    """Return the range that the datasets state, and what of the factor is Scope 2 and what category 3."""
    between = shown.spread_over_datasets()
    if between is not None:
        datasets = ", ".join(factor.citation.dataset for factor in (shown.chosen.factor, *shown.of_other_datasets))
        yield "datasets", f"{between[0]:.6g} to {between[1]:.6g} between {datasets}; the bounds cover them"
    if shown.split is not None:
        yield "scope 2", f"{_rounded(shown.split.scope2)}: emitted by the power plants"
        yield "category 3", f"{_rounded(shown.split.upstream)}: before the plants, and lost in the grid"


def _rounded(per_joule: Estimate) -> str:
    """Return a computed intensity with its bounds, to whole grams: nothing in it is known better."""
    value = per_joule.in_unit(_PER_KWH)
    return f"{value.central:.0f} {_PER_KWH} ({value.low:.0f} to {value.high:.0f})"


def _row(match: FactorMatch, shown: Answer) -> tuple[str, ...]:
    factor, citation = match.factor, match.factor.citation
    boundary, fit = factor.boundary.replace("_", " "), match.fit.value.replace("_", " ")
    return citation.entry, spread(shown.as_printed(factor)), citation.dataset, boundary, citation.licence, fit

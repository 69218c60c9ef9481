# SPDX-License-Identifier: Apache-2.0
"""The embodied impact of a server, cradle to gate, by one of two profiles.

`boavizta` computes what BoaviztAPI 2.5 computes; `default` takes the best that is published and carries its bounds.
Use is not included. Transport and end of life are stages of their own, in neither.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from impacts.embodied.boavizta import boavizta_components, boavizta_problems
from impacts.embodied.components import Component, EmbodiedImpact
from impacts.embodied.default_profile import default_components, errors_are_common
from impacts.embodied.problems import default_problems, missing_factor
from impacts.factors import FactorMissing
from impacts.values.derivations import Derivation, work_out
from impacts.values.units import readable_unit

if TYPE_CHECKING:
    from impacts.factor_book import FactorBook
    from impacts.parts import Inventory
    from impacts.values.estimates import Estimate

CRITERIA = ("gwp", "adpe", "pe")
PROFILES = ("default", "boavizta")


def embodied(inventory: Inventory, profile: str, book: FactorBook) -> EmbodiedImpact:
    """Return the embodied impact of a server under one of the `PROFILES`."""
    if profile not in PROFILES:
        raise ValueError(f"profile {profile!r} is not one of {', '.join(PROFILES)}")
    by_default = profile == "default"
    components_of = default_components if by_default else boavizta_components
    problems = list(default_problems(inventory, book) if by_default else boavizta_problems(inventory, book))
    criteria: dict[str, tuple[Component, ...]] = {}
    for criterion in CRITERIA:
        try:
            criteria[criterion] = components_of(inventory, book, criterion)
        except FactorMissing as missing:
            problems.append(missing_factor(criterion, missing))
    common_errors = not by_default or errors_are_common(inventory, book)  # BoaviztAPI adds up corner by corner
    return EmbodiedImpact(profile, criteria, tuple(problems), common_errors)


def transport_and_end_of_life(impact: EmbodiedImpact, book: FactorBook) -> Derivation | None:
    """Return the greenhouse gases of what comes after the factory's gate, use left out; None without a manufacture.

    GHG Protocol Scope 3 categories 4 (transport to the user) and 12 or 5 (end of life). The manufacturers' sheets give
    both in one figure.
    """
    manufacture = impact.derivation("gwp")
    if manufacture is None:
        return None
    later = book.find("later_stages", "attribute", on=date.max).factor.value
    formula = "manufacture × later_stages"
    return work_out("transport and end of life", formula, {"manufacture": manufacture, "later_stages": later})


def in_readable_unit(estimate: Estimate) -> Estimate:
    """Return an impact in the unit that people read: kgCO2e, kgSbe, MJ."""
    return estimate.in_unit(readable_unit(estimate.unit))

# SPDX-License-Identifier: Apache-2.0
"""The queries of a period: of the hours from `:since` on and before `:until`."""

from __future__ import annotations

from agent.history.tables import HOURLY, IMPACTS

_WITHIN = "WHERE hour >= :since AND hour < :until"
_OF_ENTRY = ", ".join((*IMPACTS.key, *IMPACTS.amounts))
COUNTED = f"SELECT 0 AS version, {_OF_ENTRY} FROM impact_hour {_WITHIN}"  # noqa: S608 - constants
HOST_HOURS = f"""
    SELECT hour, basis, SUM(low_microjoules), SUM(microjoules), SUM(high_microjoules)
    FROM host_hour {_WITHIN} GROUP BY hour, basis ORDER BY hour, basis"""  # noqa: S608 - constants
NEWEST_ACCOUNTS = f"""
    {COUNTED} AND NOT EXISTS (
        SELECT 1 FROM account_hour AS later WHERE later.hour = impact_hour.hour AND later.quantity = impact_hour.quantity
    )
    UNION ALL
    SELECT version, {_OF_ENTRY} FROM account_hour
    {_WITHIN} AND version = (
        SELECT MAX(version) FROM account_hour AS later
        WHERE later.hour = account_hour.hour AND later.quantity = account_hour.quantity
    )
"""  # noqa: S608 - constants
ACCOUNT_TOTALS = f"""
    SELECT quantity, kind, factor, region, {", ".join(f"SUM({column})" for column in IMPACTS.amounts)}
    FROM ({NEWEST_ACCOUNTS}) GROUP BY quantity, kind, factor, region"""  # noqa: S608 - constants
VERSIONS = f"""
    SELECT version, made_at_utc_seconds, program, COUNT(DISTINCT hour)
    FROM ({NEWEST_ACCOUNTS}) JOIN account_version USING (version) GROUP BY version ORDER BY version"""  # noqa: S608 - constants
RECORDED = f"""
    SELECT COUNT(*) FROM ({" UNION ".join(f"SELECT hour FROM {table.name} {_WITHIN}" for table in HOURLY)})"""  # noqa: S608 - constants
ABSENCE = f"""
    SELECT COALESCE(SUM(unobserved_seconds), 0), COALESCE(SUM(off_seconds), 0),
        COALESCE(SUM(CASE WHEN off_seconds IS NULL THEN unobserved_seconds END), 0)
    FROM host_absence_hour {_WITHIN}"""  # noqa: S608 - constants
ABSENT_HOURS = f"""
    SELECT hour, unobserved_seconds, off_seconds FROM host_absence_hour {_WITHIN} ORDER BY hour"""  # noqa: S608 - constants
_OBSERVED = """
    SELECT hour, SUM(low_microjoules), SUM(microjoules), SUM(high_microjoules), SUM(measured_microjoules), SUM(observed_seconds)
    FROM host_hour WHERE {which} GROUP BY hour HAVING SUM(observed_seconds) > 0 ORDER BY hour {order}"""
OBSERVED_BEFORE = _OBSERVED.format(which="hour < :since", order="DESC LIMIT :count")
OBSERVED_WITHIN = _OBSERVED.format(which="hour >= :since AND hour < :until", order="")
OBSERVED_AFTER = _OBSERVED.format(which="hour >= :until", order="LIMIT :count")

-- SPDX-License-Identifier: Apache-2.0
-- Version 1 of the history had no energy beside the grams. Only location-based Scope 2 was of energy, and of all of it:
-- where an hour has several factors, each has the energy that its share of the grams says.

ALTER TABLE impact_hour RENAME TO impact_hour_1;

{impact_hour};

{account_version};

{account_hour};

INSERT INTO impact_hour
SELECT one.hour, one.quantity, one.factor, one.low_grams, one.grams, one.high_grams,
    COALESCE(CAST(ROUND(energy.low * one.grams / hour.grams) AS INTEGER), 0),
    COALESCE(CAST(ROUND(energy.central * one.grams / hour.grams) AS INTEGER), 0),
    COALESCE(CAST(ROUND(energy.high * one.grams / hour.grams) AS INTEGER), 0)
FROM impact_hour_1 AS one
LEFT JOIN (
    SELECT hour, quantity, SUM(grams) AS grams FROM impact_hour_1 GROUP BY hour, quantity
) AS hour ON hour.hour = one.hour AND hour.quantity = one.quantity AND one.quantity = 'scope2_location_based_co2e'
LEFT JOIN (
    SELECT hour, SUM(low_microjoules) AS low, SUM(microjoules) AS central, SUM(high_microjoules) AS high
    FROM host_hour GROUP BY hour
) AS energy ON energy.hour = hour.hour;

DROP TABLE impact_hour_1;

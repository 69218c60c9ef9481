-- SPDX-License-Identifier: Apache-2.0
-- Version 2 of the history had one name for kind, factor and "taken back", and did not know where the host was, nor what
-- its energy rests on. Its hour 0 held the sums of an earlier file; all sums have tables now. An hour's region follows
-- from the grid's row that it was entered by: electricity:REGION:YEAR. The unobserved time of a step lay in the hour of
-- its end.

ALTER TABLE meta RENAME TO meta_2;

ALTER TABLE host_hour RENAME TO host_hour_2;

ALTER TABLE impact_hour RENAME TO impact_hour_2;

ALTER TABLE account_hour RENAME TO account_hour_2;

{meta};

{identity};

{grounds};

{host_hour};

{host_total};

{host_absence_hour};

{impact_hour};

{impact_total};

{workload_hour};

{account_hour};

{open_hour};

{closed_hour};

{closed_hour_by_hour};

{lot_set};

{lot};

{calibration};

INSERT INTO meta
SELECT 1, NULL, '', began_at_utc_seconds, last_written_at_utc_seconds, amortised_ratio FROM meta_2;

INSERT INTO grounds SELECT '109b3f86670b2146', '[{{"title":"kept by an earlier version, which did not keep grounds"}}]'
WHERE EXISTS (SELECT 1 FROM host_hour_2);

INSERT INTO host_hour
SELECT hour, basis, '109b3f86670b2146', low_microjoules, microjoules, high_microjoules, measured_microjoules, observed_seconds
FROM host_hour_2;

INSERT INTO host_total
SELECT basis, grounds, SUM(low_microjoules), SUM(microjoules), SUM(high_microjoules), SUM(measured_microjoules),
    SUM(observed_seconds)
FROM host_hour GROUP BY basis, grounds;

DELETE FROM host_hour WHERE hour = 0;

INSERT INTO host_absence_hour
SELECT hour, SUM(unobserved_seconds), NULL FROM host_hour_2 WHERE hour > 0 GROUP BY hour HAVING SUM(unobserved_seconds) > 0;

CREATE TEMP TABLE name_2 AS
SELECT name, taken_back, plain,
    CASE
        WHEN plain = 'embodied' THEN 'amortised'
        WHEN plain = 'embodied, left by retired parts' THEN 'retired'
        WHEN plain GLOB 'instrument:*' THEN 'instrument'
        WHEN plain GLOB 'live-*:held' THEN 'held'
        WHEN plain GLOB 'live-*' THEN 'live'
        ELSE 'yearly'
    END AS kind,
    CASE WHEN plain GLOB '*/electricity:*'
        THEN substr(plain, instr(plain, '/electricity:') + length('/electricity:')) || ':' ELSE ':' END AS place
FROM (
    SELECT name, name GLOB 'taken back: *' AS taken_back,
        CASE WHEN name GLOB 'taken back: *' THEN substr(name, length('taken back: ') + 1) ELSE name END AS plain
    FROM (SELECT factor AS name FROM impact_hour_2 UNION SELECT factor FROM account_hour_2)
);

CREATE TEMP TABLE factor_2 AS
SELECT name, taken_back, kind,
    CASE kind
        WHEN 'amortised' THEN ''
        WHEN 'retired' THEN ''
        WHEN 'instrument' THEN substr(plain, length('instrument:') + 1)
        WHEN 'held' THEN substr(plain, 1, length(plain) - length(':held'))
        ELSE plain
    END AS factor,
    CASE substr(place, 1, instr(place, ':') - 1) WHEN 'WORLD' THEN '' ELSE substr(place, 1, instr(place, ':') - 1) END AS region
FROM name_2;

CREATE UNIQUE INDEX temp.factor_2_by_name ON factor_2 (name);

CREATE TEMP TABLE region_2 AS
SELECT hour, MIN(region) AS region FROM (
    SELECT hour, factor AS name FROM impact_hour_2 WHERE quantity = 'scope2_location_based_co2e'
) JOIN factor_2 USING (name)
GROUP BY hour HAVING MIN(region) = MAX(region);

CREATE UNIQUE INDEX temp.region_2_by_hour ON region_2 (hour);

CREATE TEMP TABLE account_region_2 AS
SELECT hour, MIN(region) AS region FROM (
    SELECT hour, factor AS name FROM account_hour_2 AS one WHERE quantity = 'scope2_location_based_co2e' AND version = (
        SELECT MAX(version) FROM account_hour_2 AS other WHERE other.hour = one.hour AND other.quantity = one.quantity
    )
) JOIN factor_2 USING (name)
GROUP BY hour HAVING MIN(region) = MAX(region);

CREATE UNIQUE INDEX temp.account_region_2_by_hour ON account_region_2 (hour);

INSERT INTO impact_hour
SELECT old.hour, old.quantity, of.kind, of.factor,
    CASE WHEN of.kind IN ('amortised', 'retired') THEN '' ELSE COALESCE(counted.region, of.region) END,
    of.taken_back, old.low, old.central, old.high, old.low_microjoules, old.microjoules, old.high_microjoules
FROM impact_hour_2 AS old JOIN factor_2 AS of ON of.name = old.factor LEFT JOIN region_2 AS counted ON counted.hour = old.hour;

INSERT INTO impact_total
SELECT quantity, kind, factor, region, taken_back, SUM(low), SUM(central), SUM(high),
    SUM(low_microjoules), SUM(microjoules), SUM(high_microjoules)
FROM impact_hour GROUP BY quantity, kind, factor, region, taken_back;

DELETE FROM impact_hour WHERE hour = 0;

INSERT INTO account_hour
SELECT old.version, old.hour, old.quantity, of.kind, of.factor, COALESCE(recomputed.region, counted.region, of.region),
    of.taken_back, old.low, old.central, old.high, old.low_microjoules, old.microjoules, old.high_microjoules
FROM account_hour_2 AS old JOIN factor_2 AS of ON of.name = old.factor
LEFT JOIN account_region_2 AS recomputed ON recomputed.hour = old.hour LEFT JOIN region_2 AS counted ON counted.hour = old.hour;

CREATE TEMP TABLE hour_2 AS
SELECT hour, hour + 3600 + 900 <= (SELECT last_written_at_utc_seconds FROM meta_2) AS is_closed
FROM (SELECT hour FROM host_hour_2 UNION SELECT hour FROM impact_hour_2 UNION SELECT hour FROM channel_hour) WHERE hour > 0;

INSERT INTO closed_hour
SELECT ROW_NUMBER() OVER (ORDER BY hour), hour,
    COALESCE((SELECT MAX(version) FROM account_hour_2 WHERE account_hour_2.hour = hour_2.hour), 0),
    (SELECT last_written_at_utc_seconds FROM meta_2), NULL, 'migrated'
FROM hour_2 WHERE is_closed;

INSERT INTO open_hour SELECT hour, '' FROM hour_2 WHERE NOT is_closed;

DROP TABLE temp.name_2;

DROP TABLE temp.factor_2;

DROP TABLE temp.region_2;

DROP TABLE temp.account_region_2;

DROP TABLE temp.hour_2;

DROP TABLE meta_2;

DROP TABLE host_hour_2;

DROP TABLE impact_hour_2;

DROP TABLE account_hour_2;

-- SPDX-License-Identifier: Apache-2.0
-- Version 2 of the history, as files of wattprint 0.1 hold it. impact_hour is what the counters have counted; account_hour what
-- `recompute` made of hours later.

CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    began_at_utc_seconds REAL NOT NULL,
    last_written_at_utc_seconds REAL NOT NULL,
    amortised_ratio REAL NOT NULL
);

CREATE TABLE channel (
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    component TEXT NOT NULL,
    boundary TEXT NOT NULL CHECK (boundary IN ('inlet', 'platform', 'component')),
    method TEXT NOT NULL CHECK (method IN ('counted', 'integrated', 'modelled')),
    within TEXT,
    microjoules INTEGER NOT NULL CHECK (microjoules >= 0 AND typeof(microjoules) = 'integer'),
    unobserved_seconds REAL NOT NULL,
    boot_id TEXT NOT NULL,
    epoch TEXT NOT NULL,
    at_monotonic_seconds REAL NOT NULL,
    at_utc_seconds REAL NOT NULL,
    counter_microjoules INTEGER,
    watts REAL,
    PRIMARY KEY (source, name)
) WITHOUT ROWID;

CREATE TABLE channel_hour (
    hour INTEGER NOT NULL,
    source TEXT NOT NULL,
    channel TEXT NOT NULL,
    microjoules INTEGER NOT NULL,
    observed_seconds REAL NOT NULL,
    unobserved_seconds REAL NOT NULL,
    PRIMARY KEY (hour, source, channel)
) WITHOUT ROWID;

CREATE TABLE host_hour (
    hour INTEGER NOT NULL,
    basis TEXT NOT NULL,
    low_microjoules INTEGER NOT NULL,
    microjoules INTEGER NOT NULL,
    high_microjoules INTEGER NOT NULL,
    measured_microjoules INTEGER NOT NULL,
    observed_seconds REAL NOT NULL,
    unobserved_seconds REAL NOT NULL,
    PRIMARY KEY (hour, basis)
) WITHOUT ROWID;

CREATE TABLE impact_hour (
    hour INTEGER NOT NULL,
    quantity TEXT NOT NULL,
    factor TEXT NOT NULL,
    low REAL NOT NULL,
    central REAL NOT NULL,
    high REAL NOT NULL,
    low_microjoules INTEGER NOT NULL,
    microjoules INTEGER NOT NULL,
    high_microjoules INTEGER NOT NULL,
    PRIMARY KEY (hour, quantity, factor)
) WITHOUT ROWID;

CREATE TABLE account_version (
    version INTEGER PRIMARY KEY CHECK (version > 0),
    made_at_utc_seconds REAL NOT NULL,
    first_hour INTEGER NOT NULL,
    last_hour INTEGER NOT NULL,
    program TEXT NOT NULL
);

CREATE TABLE account_hour (
    version INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    quantity TEXT NOT NULL,
    factor TEXT NOT NULL,
    low REAL NOT NULL,
    central REAL NOT NULL,
    high REAL NOT NULL,
    low_microjoules INTEGER NOT NULL,
    microjoules INTEGER NOT NULL,
    high_microjoules INTEGER NOT NULL,
    PRIMARY KEY (hour, quantity, version, factor)
) WITHOUT ROWID;

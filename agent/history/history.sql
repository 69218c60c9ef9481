-- SPDX-License-Identifier: Apache-2.0
-- The history, version 3 (docs/adr/0019). Hours are UTC hour starts in Unix seconds. Energies are whole microjoules, other amounts in
-- the base unit of their quantity.

-- What there is one of. host_uuid is random and made with the history: it names the host and says nothing of it.
CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    host_uuid TEXT CHECK (length(host_uuid) = 36), -- NULL: no program of this version has written yet
    program TEXT NOT NULL,                         -- the version of wattprint that wrote last
    began_at_utc_seconds REAL NOT NULL,
    last_written_at_utc_seconds REAL NOT NULL,
    amortised_ratio REAL NOT NULL
);

-- Who the history is of, from when on. A row is added when something of it has changed; empty: not known.
CREATE TABLE identity (
    sequence INTEGER PRIMARY KEY,
    since_utc_seconds REAL NOT NULL,
    machine TEXT NOT NULL CHECK (length(machine) IN (0, 64)), -- SHA-256 of the machine id with a fixed text; never the id itself
    host_name TEXT NOT NULL,
    manufacturer TEXT NOT NULL,
    model TEXT NOT NULL
);

-- The ledger: totals since began_at, and the last reading of each channel.
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

-- Sets of citations, as JSON: what energies and lots rest on. The id is the beginning of the SHA-256 of the text.
CREATE TABLE grounds (
    id TEXT PRIMARY KEY CHECK (length(id) = 16),
    citations TEXT NOT NULL
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

-- The energy of the host. observed_seconds of an hour are the sum over its rows.
CREATE TABLE host_hour (
    hour INTEGER NOT NULL,
    basis TEXT NOT NULL,
    grounds TEXT NOT NULL, -- an id of the table grounds
    low_microjoules INTEGER NOT NULL,
    microjoules INTEGER NOT NULL CHECK (typeof(microjoules) = 'integer'),
    high_microjoules INTEGER NOT NULL,
    measured_microjoules INTEGER NOT NULL,
    observed_seconds REAL NOT NULL,
    PRIMARY KEY (hour, basis, grounds)
) WITHOUT ROWID;

-- The sums of all time, so that a start need not add up years of hours. In a file that took the place of one that was lost while the
-- agent ran they hold what the lost one had.
CREATE TABLE host_total (
    basis TEXT NOT NULL,
    grounds TEXT NOT NULL,
    low_microjoules INTEGER NOT NULL,
    microjoules INTEGER NOT NULL,
    high_microjoules INTEGER NOT NULL,
    measured_microjoules INTEGER NOT NULL,
    observed_seconds REAL NOT NULL,
    PRIMARY KEY (basis, grounds)
) WITHOUT ROWID;

-- The rest of an hour in which anything is missing. off_seconds: from a clean stop of one boot to the next boot. NULL: how much of
-- unobserved_seconds that was is not known, as over a reboot of which nobody knows when it began.
CREATE TABLE host_absence_hour (
    hour INTEGER NOT NULL,
    unobserved_seconds REAL NOT NULL,
    off_seconds REAL,
    PRIMARY KEY (hour)
) WITHOUT ROWID;

-- What the counters have counted. factor: DATASET/ROW, or the name of an instrument; empty for amortised and retired. region: where the
-- host was said to be; empty where nobody had said it. taken_back = 1: an amount below zero that cancels an entry which a live value
-- has replaced.
CREATE TABLE impact_hour (
    hour INTEGER NOT NULL,
    quantity TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('yearly', 'live', 'held', 'instrument', 'amortised', 'retired')),
    factor TEXT NOT NULL,
    region TEXT NOT NULL,
    taken_back INTEGER NOT NULL CHECK (taken_back IN (0, 1)),
    low REAL NOT NULL,
    central REAL NOT NULL,
    high REAL NOT NULL,
    low_microjoules INTEGER NOT NULL,
    microjoules INTEGER NOT NULL CHECK (typeof(microjoules) = 'integer'),
    high_microjoules INTEGER NOT NULL,
    PRIMARY KEY (hour, quantity, kind, factor, region, taken_back)
) WITHOUT ROWID;

CREATE TABLE impact_total (
    quantity TEXT NOT NULL,
    kind TEXT NOT NULL,
    factor TEXT NOT NULL,
    region TEXT NOT NULL,
    taken_back INTEGER NOT NULL,
    low REAL NOT NULL,
    central REAL NOT NULL,
    high REAL NOT NULL,
    low_microjoules INTEGER NOT NULL,
    microjoules INTEGER NOT NULL,
    high_microjoules INTEGER NOT NULL,
    PRIMARY KEY (quantity, kind, factor, region, taken_back)
) WITHOUT ROWID;

-- The energy of a workload. Only energies are kept: grams are that share of the hour's accounts.
CREATE TABLE workload_hour (
    hour INTEGER NOT NULL,
    kind TEXT NOT NULL,
    workload TEXT NOT NULL,
    low_microjoules INTEGER NOT NULL,
    microjoules INTEGER NOT NULL CHECK (typeof(microjoules) = 'integer'),
    high_microjoules INTEGER NOT NULL,
    PRIMARY KEY (hour, kind, workload)
) WITHOUT ROWID;

-- What `recompute` made of hours later: the newest version of an hour and quantity stands for all its factors (docs/adr/0014).
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
    kind TEXT NOT NULL CHECK (kind IN ('yearly', 'live', 'held', 'instrument', 'amortised', 'retired')),
    factor TEXT NOT NULL,
    region TEXT NOT NULL,
    taken_back INTEGER NOT NULL CHECK (taken_back IN (0, 1)),
    low REAL NOT NULL,
    central REAL NOT NULL,
    high REAL NOT NULL,
    low_microjoules INTEGER NOT NULL,
    microjoules INTEGER NOT NULL CHECK (typeof(microjoules) = 'integer'),
    high_microjoules INTEGER NOT NULL,
    PRIMARY KEY (hour, quantity, version, kind, factor, region, taken_back)
) WITHOUT ROWID;

-- Hours that were written and are not closed yet, and why they will be once more; `why` is empty for the first time.
CREATE TABLE open_hour (
    hour INTEGER PRIMARY KEY,
    why TEXT NOT NULL
);

-- One row for each hour when it is first written 15 minutes after its end or later, and one whenever it changes after that: 1, 2, 3 …
-- without a gap. amends: the sequence that it replaces.
CREATE TABLE closed_hour (
    sequence INTEGER PRIMARY KEY CHECK (sequence > 0),
    hour INTEGER NOT NULL,
    version INTEGER NOT NULL, -- of the accounts; 0: as they were counted
    written_at_utc_seconds REAL NOT NULL,
    amends INTEGER,
    why TEXT NOT NULL CHECK (why IN ('', 'migrated', 'energy_late', 'live_late', 'recompute')),
    CHECK ((amends IS NULL) = (why IN ('', 'migrated')))
);

CREATE INDEX closed_hour_by_hour ON closed_hour (hour);

-- The hardware by what was acquired together, from when on. A set is added when anything of it has changed. The first row of a lot (by
-- the days of acquisition and first use) is its booking and stays so; later ones are revisions.
CREATE TABLE lot_set (
    sequence INTEGER PRIMARY KEY,
    since_utc_seconds REAL NOT NULL,
    program TEXT NOT NULL,          -- the version of wattprint that worked them out
    inventory_sha256 TEXT NOT NULL, -- of the inventory as canonical JSON
    datasets TEXT NOT NULL          -- JSON: the releases that the lots rest on
);

CREATE TABLE lot (
    sequence INTEGER NOT NULL, -- of its set
    number INTEGER NOT NULL,   -- within the set
    acquired TEXT,             -- days as YYYY-MM-DD; NULL: not known
    first_used TEXT,           -- NULL: when it was acquired
    retired TEXT,              -- NULL: it serves
    service_life_years REAL NOT NULL,
    extended_from_years REAL,
    extended_on TEXT,
    low_grams REAL NOT NULL,   -- of the manufacture of all of it
    grams REAL NOT NULL,
    high_grams REAL NOT NULL,
    booked_low_grams REAL NOT NULL, -- without the share of former users
    booked_grams REAL NOT NULL,
    booked_high_grams REAL NOT NULL,
    grounds TEXT NOT NULL,     -- an id of the table grounds
    PRIMARY KEY (sequence, number)
) WITHOUT ROWID;

-- The state of each calibration, by what it is anchored to.
CREATE TABLE calibration (
    anchor TEXT PRIMARY KEY,
    at_utc_seconds REAL NOT NULL,
    state TEXT NOT NULL -- JSON
) WITHOUT ROWID;

# SPDX-License-Identifier: Apache-2.0
"""Published power of whole servers, to fit the load model to and to check it against.

Two collections of SPECpower_ssj2008 results (https://www.spec.org/power_ssj2008/results/), of which no table is shipped
here: SPEC's fair use rule lets figures be cited, not the collection be copied.

- `git clone https://github.com/green-coding-solutions/spec-power-model`: data/spec_data_cleaned_unmelted.csv, results of
  2004 to 2022 with the columns of their pages;
- `git clone https://github.com/sustainable-computing-io/kepler-model-db`: models/v0.7/specpower-0.7.11, where the results
  of a few newer machines are the points of nearest-neighbour models.

And one machine whose packages were read by RAPL beside a reference meter at the plug:

- `git clone https://github.com/tud-zih-energy/2021-rome-ee`: roco2/conway.tsv (Schöne, Ilsche, Bielert et al. 2021).
"""

from __future__ import annotations

import csv
import html
import io
import json
import math
import re
import zipfile
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Self

from impacts.parts import Inventory, Part, Server

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

LOADS = ("0", "0.1", "0.2", "0.3", "0.5", "0.7", "1")
ROME = "roco2/conway.tsv"
SPECPOWER = "data/spec_data_cleaned_unmelted.csv"
NEWER = "models/v0.7/specpower-0.7.11"

_COLUMNS = {"0": "ActiveIdle"} | {load: f"{round(float(load) * 100)}_AvgPower" for load in LOADS[1:]}
_MOST_DRIVES = 48  # a larger number in the field of the drives is a capacity or a model
_SSD = re.compile(r"SSD|solid|M\.2|NVMe|flash|X25|DOM|TFDDA", re.IGNORECASE)
_SAME_LOAD, _SAME_IDLE = (
    0.05,
    0.015,
)  # points of a load: idle ones lie closer together, and power rises steeply from there
_YEAR_OF_NEWER = 2023  # of most of the second collection, which states none


@dataclass(frozen=True, slots=True)
class Result:
    """One server's power at the wall by load, and its parts as the result's page lists them."""

    name: str
    year: int
    inventory: Inventory
    watts: dict[str, float]  # by load; a load that is not known is missing

    @property
    def cpu(self) -> Part:
        """The processors."""
        return self.inventory.of_kind("cpu")[0]


def specpower(clone: Path) -> Iterator[Result]:
    """Yield the results of the first collection."""
    with (clone / SPECPOWER).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Result(
                name=f"{html.unescape(row['HW_Vendor'])} {html.unescape(row['HW_Model'])}",
                year=int(float(row["Hardware_Availability_Year"])),
                inventory=Inventory(Server(), tuple(_parts(row))),
                watts={load: float(row[column]) for load, column in _COLUMNS.items() if row[column]},
            )


def _parts(row: dict[str, str]) -> Iterator[Part]:
    chips = int(float(row["CPUChips"]))
    boost = False if row["BIOS_Turbo_Boost_Enabled"] == "False" else None  # what a page leaves out is not known
    yield Part("cpu", chips, model=cpu_name(row["HW_CPUName"]), cores=int(float(row["CPUCores"])) // chips, boost=boost)
    yield from _memory(row, chips)
    yield from _drives(row["HW_DiskDrive"])
    rated = float(row["PSURating"]) if row["PSURating"] else None
    yield Part("psu", int(float(row["NumOfPSU"] or 1)), rated_watts=rated)


def cpu_name(printed: str) -> str:
    """Return the processor's name without what pages print around it."""
    name = re.sub(r"\((?:R|TM)\)", "", html.unescape(printed), flags=re.IGNORECASE)
    name = re.sub(r"\(.*?\)|\[.*?\]|,.*|@?\s*[\d.]+\s*GHz", "", name, flags=re.IGNORECASE)
    name = re.sub(r"\b(CPU|processor|Six-Core|Quad-Core)\b", "", name, flags=re.IGNORECASE)
    name = re.sub(r"(E[357]-\d{4}L?)\s*v(\d)", r"\1 v\2", name, flags=re.IGNORECASE)
    return " ".join(re.sub(r"^Intel (E3|X3)", r"Intel Xeon \1", name.strip(" -,@")).split())


def _memory(row: dict[str, str], chips: int) -> Iterator[Part]:
    gigabytes = float(row["HW_MemAmountGB"])
    printed = re.findall(r"(\d+)\s*[xX×]\s*([\d.]+)\s*(MB|GB|G\b)", html.unescape(row["HW_DIMMNumAndSize"]))
    modules = [(int(count), float(size) / (1024 if unit == "MB" else 1)) for count, size, unit in printed]
    if not math.isclose(sum(count * size for count, size in modules), gigabytes, rel_tol=0.05):
        modules = [(8 * chips, gigabytes / (8 * chips))]  # the page contradicts itself: as many as is usual
    for count, size in modules:
        yield Part("memory", count, capacity_gb=size)


def _drives(printed: str) -> Iterator[Part]:
    text = html.unescape(printed)
    kind = "ssd" if _SSD.search(text) else "hdd"
    count = 0
    for number, segment in enumerate(filter(str.strip, text.split(";"))):
        found = re.search(r"(?<![\w.-])(\d+)\s*[xX×]\s|\*\s*(\d+)", segment)
        if found or number == 0:
            pieces = int(found[1] or found[2]) if found else 1
            count += pieces if pieces <= _MOST_DRIVES else 1
    if count:
        yield Part(kind, count)


def newer(clone: Path) -> Iterator[Result]:
    """Yield what the second collection has of processors that the first lacks: median power of each type of machine."""
    folder = clone / NEWER / "acpi" / "AbsPower" / "BPFOnly"
    types = json.loads((clone / NEWER / "node_type_index.json").read_text(encoding="utf-8"))
    for number, machine in types.items():
        archive = folder / f"KNeighborsRegressorTrainer_{number}.zip"
        about = machine["attrs"]
        name = _newer_name(about["processor"])
        if name is None or not archive.exists():
            continue
        chips, cores = int(about["chips"]), int(about["cores"])
        modules = _channels(name) * chips
        parts = (
            Part("cpu", chips, model=name, cores=cores // chips),
            Part("memory", modules, capacity_gb=about["memory"] / modules),
            Part("ssd", 1),
            Part("psu", 1),
        )
        label = f"{machine['members'][0].partition('-')[0]} with {chips} x {name}, type {number}"
        yield Result(label, _YEAR_OF_NEWER, Inventory(Server(), parts), _medians(archive))


_NEW = re.compile(
    r"intel_(?:xeon_)?(?P<platinum>8490h|8480\+|8592\+?|8471n)|intel_xeon_gold_(?P<gold>64\d\d[a-z]+)"
    r"|amd_epyc_(?P<epyc>9654|9754|8[0-5]\d4pn?)|ampere_altra_max_(?P<max>m128)_(?P<clock>30)|ampere_altra_(?P<altra>q64)_30"
)


def _newer_name(processor: str) -> str | None:
    """Return the name of a processor that the first collection lacks; None of any other."""
    found = _NEW.search(processor)
    if found is None or "opteron" in processor:
        return None
    if found["platinum"] or found["gold"]:
        return (
            f"Intel Xeon {'Platinum' if found['platinum'] else 'Gold'} {(found['platinum'] or found['gold']).upper()}"
        )
    if found["epyc"]:
        return f"AMD EPYC {found['epyc'].upper()}"
    return "Ampere Altra Max M128-30" if found["max"] else "Ampere Altra Q64-30"


def _channels(name: str) -> int:
    """Return the memory channels of a socket, as many as the modules are assumed to be."""
    return 12 if re.search(r"EPYC 9", name) else 6 if re.search(r"EPYC 8", name) else 8


class _Inert:
    """Takes the place of a model's classes: it keeps what was stored and does nothing."""

    def __new__(cls, *_: object, **__: object) -> Self:
        return super().__new__(cls)

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __setstate__(self, state: dict[str, object]) -> None:
        if isinstance(state, dict):
            self.__dict__.update(state)


def _medians(archive: Path) -> dict[str, float]:
    from joblib.numpy_pickle import NumpyUnpickler  # noqa: PLC0415 - the other collection needs none

    class Points(NumpyUnpickler):
        """Reads the arrays of a model and nothing that could run."""

        def find_class(self, module: str, name: str) -> type:
            if module.partition(".")[0] == "numpy" and name in {"_reconstruct", "ndarray", "dtype", "scalar"}:
                return super().find_class(module, name)
            if (module, name) == ("joblib.numpy_pickle", "NumpyArrayWrapper"):
                return super().find_class(module, name)
            if module.partition(".")[0] == "sklearn":
                return type(name, (_Inert,), {})
            raise ValueError(f"{archive}: refused to load {module}.{name}")

    packed = io.BytesIO(zipfile.ZipFile(archive).read("platform.pkl"))
    model = Points("platform.pkl", packed, ensure_native_byte_order=True).load()
    points = list(zip((float(row[0]) for row in model._fit_X), map(float, model._y.ravel()), strict=True))  # noqa: SLF001
    near = {
        load: [y for x, y in points if abs(x - float(load)) < (_SAME_LOAD if float(load) else _SAME_IDLE)]
        for load in LOADS
    }
    return {load: median(values) for load, values in near.items() if values}


def known(results: Iterable[Result]) -> list[Result]:
    """Return the results with at least idle and full load, each page once."""
    pages = {(result.name, json.dumps(result.watts, sort_keys=True)): result for result in reversed([*results])}
    return [result for result in reversed(pages.values()) if {"0", "1"} <= result.watts.keys()]


@dataclass(frozen=True, slots=True)
class CountedPoint:
    """A steady state of two EPYC 7502 without boost: how much of its threads was busy, W of the packages and at the plug."""

    load: float
    packages: float
    wall: float


_THREADS = 128


def counted_points(clone: Path) -> Iterator[CountedPoint]:
    """Yield the points of the machine with a reference meter, of kernels of all kinds at three clocks."""
    lines = (clone / ROME).read_text(encoding="utf-8").splitlines()[1:]
    for fields in (line.split("\t") for line in lines):
        if len(fields) > 8:  # noqa: PLR2004 - the last lines are cut off
            yield CountedPoint(int(fields[6]) / _THREADS, float(fields[3]), float(fields[2]))

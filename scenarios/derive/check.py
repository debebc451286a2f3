#!/usr/bin/env python3
"""Checks the data files: python3 check.py SCENARIOS_DIR

Parses every TOML file, checks shares, curves, traces, labels and sums, and recomputes the
peak-to-mean table of README.md from the files by another way than derive.py: one-minute steps.
"""

import csv
import pathlib
import re
import sys
import tomllib

root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1])
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
KINDS = {
    "curves": "activity-curve", "time-zones": "time-zone-mix", "hosts": "host-shapes",
    "labour": "labour-base", "profiles": "profile",
}  # fmt: skip
files = {}
for folder, kind in KINDS.items():
    for path in sorted((root / folder).glob("*.toml")):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        assert data["format"] == 1 and data["kind"] == kind, path
        for key in ("title", "source", "licence", "derivation", "notes"):
            assert data[key].strip(), (path, key)
        files[folder, path.stem] = data


def of(folder):
    return {name: data for (f, name), data in files.items() if f == folder}


curves = {}
for name, data in of("curves").items():
    assert list(data["intensity"]) == DAYS, name
    week = [value for day in DAYS for value in data["intensity"][day]]
    assert len(week) == 168 and min(week) >= 0 and abs(sum(week) / 168 - 1) < 1e-9, name
    curves[name] = week

mixes = {}
for name, data in of("time-zones").items():
    assert abs(sum(zone["share"] for zone in data["zone"]) - 1) < 1e-9, name
    mix = []
    for zone in data["zone"]:
        sign, hours, minutes = re.fullmatch(r"([+-])(\d\d):(\d\d)", zone["utc_offset"]).groups()
        offset = (int(hours) * 60 + int(minutes)) * (-1 if sign == "-" else 1)
        mix.append((offset, zone["share"]))
    assert len({offset for offset, _ in mix}) == len(mix), name
    mixes[name] = mix

for name, data in of("hosts").items():
    for shape, fields in data["shapes"].items():
        assert fields["vcpus"] > 0 and re.fullmatch(r"\d+GiB", fields["memory"]), shape
        assert fields["architecture"] in ("x86-64", "arm64") and "bare_metal" in fields, shape
        if "usd_per_hour" in fields:
            assert 0.01 < fields["usd_per_hour"] / fields["vcpus"] < 0.25, shape
        else:
            assert name == "azure", shape

labour = files["labour", "us"]
jobs = {int(group["soc"][:2]): group["jobs"] for group in labour["group"]}
base = {name: entry["people"] for name, entry in labour["bases"].items()}
assert sum(jobs[soc] for soc in jobs if soc <= 29) == base["professional"]
assert base["professional"] + jobs[43] == base["professional-and-office"]
assert base["professional-and-office"] + jobs[41] == base["professional-office-and-sales"]

BOUNDARIES = {"language-runtime", "process", "shared-kernel", "user-space-kernel", "hardware"}
OFFERS = {"api-calls", "javascript", "wasm", "python", "linux", "browser"}
NUMBERS = {"start_latency", "cpu_per_start", "memory_per_instance", "memory_base", "relative_cpu"}
OPTIONAL = {"starts_per_second_per_vcpu", "density_limit"}
UNIT = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "B": 1, "KB": 1e3, "kB": 1e3, "MB": 1e6,
        "GB": 1e9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}  # fmt: skip


def number(value):
    if isinstance(value, str):
        amount, unit = re.fullmatch(r"([\d.]+)([A-Za-z]+)", value).groups()
        return float(amount) * UNIT[unit]
    return float(value)


for technology, entry in files["profiles", "published"]["technologies"].items():
    assert entry["boundary"] in BOUNDARIES and set(entry["offers"]) <= OFFERS, technology
    tables = {key: value for key, value in entry.items() if isinstance(value, dict)}
    assert NUMBERS <= set(tables) <= NUMBERS | OPTIONAL, technology
    for key, table in tables.items():
        assert ("published" in table) != ("assumed" in table), (technology, key)
        assert set(table) <= {"value", "published", "assumed", "conditions"}, (technology, key)
        value = table["value"]
        if isinstance(value, dict):
            ordered = [number(value[k]) for k in ("low", "mode", "high", "p50", "p95") if k in value]
            assert ordered == sorted(ordered), (technology, key)
        else:
            number(value)

for path in (root / "traces").glob("*.csv"):
    lines = list(csv.DictReader(path.open()))
    offsets = [int(line["offset_seconds"]) for line in lines]
    step = offsets[1]
    assert offsets == list(range(0, step * len(lines), step)), path
    assert all(int(line["sessions"]) >= 0 for line in lines), path

table = re.findall(r"^\| ([a-z-]+) \| ([a-z]+) \| ([\d.]+) \|", (root / "derive/README.md").read_text(encoding="utf-8"), re.M)
assert len(table) == len(curves) * len(mixes), len(table)
for curve, zones, written in table:
    week = curves[curve]

    def intensity(minute):
        hour, rest = divmod(minute % 10080, 60)
        return week[hour] * (1 - rest / 60) + week[(hour + 1) % 168] * rest / 60

    values = [sum(s * intensity(m + o) for o, s in mixes[zones]) for m in range(10080)]
    assert abs(sum(values) / len(values) - 1) < 1e-6, (curve, zones)
    assert abs(max(values) - float(written)) < 6e-5, (curve, zones, max(values), written)

print(f"{len(files)} TOML files, {len(table)} peaks: as they should be")

#!/usr/bin/env python3
"""Measures the daemon against nginx on the same machine and the same vendor, in turns; see README.md.

    python3 Benchmarks/bench.py [--quick] [--only NAME,…] [--dry] [--against DAEMON]

`--quick` takes one short round of each, `--only` some scenarios, whose figures replace the old ones, and `--dry` writes no
files. `--against` names another build
of the daemon: both serve small generations in turn, and nothing else is measured.
"""

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import time

import harness
import pressure
from harness import Bench, Daemon, fetch, generation, look_up
from record import Record

CONNECTIONS = 64
SIZES = {"1 k": 1_000, "100 k": 100_000, "1 M": 1_000_000}
SMALL = ["per_second", "cpu_us", "p50_us", "p99_us", "errors"]


def median(values):
    return statistics.median(values)


def summary(rounds, *keys):
    return {key: median([r[key] for r in rounds]) for key in keys}


class Scenarios:
    def __init__(self, bench, quick):
        self.bench = bench
        self.rounds = 1 if quick else 5
        self.seconds = 0.7 if quick else 2
        self.starts = 3 if quick else 15

    def in_turns(self, contenders, connections, seconds=None):
        """Rounds A B C, A B C, …: every contender is (name, target), and a target gives (pids, port, request, done)."""
        results = {name: [] for name, _ in contenders}
        for _ in range(self.rounds):
            for name, target in contenders:
                pids, port, request, done = target()
                self.bench.load(port, connections, "closed", 0.3, request)
                harness.settle()
                report = self.bench.measured(pids, port, connections, seconds or self.seconds, request)
                report["peak_kib"] = harness.resident_kib(pids, "VmHWM")
                done()
                results[name].append(report)
        return results

    def nginx(self, provider):
        port = self.bench.nginx_port
        return lambda: (
            self.bench.nginx_pids, port, generation(port, provider, "b64_json", f"/{provider}"), lambda: None
        )

    def daemon(self, provider, response_format, mode="self-hosted", binary=None):
        def target():
            daemon = Daemon(self.bench, "load", mode=mode, binary=binary)
            return daemon.pids, daemon.port, generation(daemon.port, provider, response_format), daemon.end

        return target

    def compared(self, provider, connections, keys):
        rounds = self.in_turns(
            [
                ("nginx proxy_pass", self.nginx(provider)),
                ("url", self.daemon(provider, "url")),
                ("b64_json", self.daemon(provider, "b64_json")),
            ],
            connections,
        )
        return ratios(rounds, "nginx proxy_pass", keys)

    # MARK: scenarios

    def small(self):
        """Small generation: a picture of 250 bytes"""
        return self.compared("small", CONNECTIONS, SMALL)

    def official(self):
        """Official mode: the same with a hold, a charge and a statement"""
        rounds = self.in_turns(
            [("nginx proxy_pass", self.nginx("small"))]
            + [(mode, self.daemon("small", "url", mode)) for mode in harness.MODES],
            CONNECTIONS,
        )
        return ratios(rounds, "nginx proxy_pass", SMALL, "self-hosted")

    def against(self, other):
        """Another build"""
        contenders = [
            (f"{mode}, {name}", self.daemon("small", "url", mode, binary))
            for mode in harness.MODES
            for name, binary in (("other", other), ("this", None))
        ]
        rounds = self.in_turns(contenders, CONNECTIONS)
        outcome = {}
        for mode in harness.MODES:
            pair = {name: rounds[name] for name in (f"{mode}, other", f"{mode}, this")}
            part = ratios(pair, f"{mode}, other", SMALL)
            for row in part.values():
                if "rate_ratio" in row:
                    row["against_rate"], row["against_cpu"] = row.pop("rate_ratio"), row.pop("cpu_ratio")
            outcome.update(part)
        return outcome

    def commits(self):
        """Group commits of one request after another"""
        outcome = {}
        for mode in harness.MODES:
            daemon = Daemon(self.bench, "commits", mode=mode)
            harness.send(daemon.port, generation(daemon.port, "small", "url"))
            for name, key, hook in [
                ("plain", False, False), ("Idempotency-Key", True, False), ("webhook", False, True),
                ("Idempotency-Key and webhook", True, True),
            ]:
                count = 20
                with harness.LogSyncs(self.bench, daemon) as syncs:
                    for number in range(count):
                        url = f"http://127.0.0.1:{self.bench.vendor_port}/hook" if hook else None
                        key_text = f"{name.replace(chr(32), chr(45))}-{number}" if key else None
                        harness.send(daemon.port, generation(daemon.port, "small", "url", key=key_text, hook=url))
                outcome[f"{mode}, {name}"] = {"requests": count, "commits_each": syncs.count / count}
            daemon.end()
        return outcome

    def rows(self):
        """Look-ups in a record of 1 thousand, 100 thousand and 1 million jobs"""
        seed = Daemon(self.bench, "seed", mode="official")
        harness.send(seed.port, generation(seed.port, "small", "url"))
        time.sleep(2.5)  # until the charge has its place in the chain
        harness.stop(seed.process)
        record = Record(seed.data)
        samples, outcome = {}, {}
        sizes = {"1 k": 1_000, "10 k": 10_000} if self.rounds == 1 else SIZES
        for size, count in sizes.items():
            record.grow(count)
            samples[size] = record.jobs_of_admin(500)
            record.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            harness.copy(seed.data, self.bench.path("data-rows " + size))
        record.close()
        for size, count in sizes.items():
            began = time.monotonic()
            problem = harness.verify(self.bench, self.bench.path("data-rows " + size))
            seconds = time.monotonic() - began
            if problem:
                sys.exit(f"the filled record is wrong: {problem}")
            outcome[f"verify-ledger, {size}"] = {"ms": seconds * 1e3, "rows_each_second": count / seconds}
        starts, taken_over = {size: [] for size in sizes}, {size: [] for size in sizes}
        for _ in range(self.rounds):
            for size in sizes:
                record.leave(32, self.bench.path(f"data-rows {size}/orchestrator.sqlite"))
                daemon = Daemon(self.bench, "rows " + size, mode="official")
                starts[size].append(daemon.startup_ms)
                began = time.monotonic()
                harness.wait_until(lambda: not any(
                    harness.call(daemon.port, f"/v1/jobs?status={status}")["data"] for status in ("queued", "running")
                ))
                taken_over[size].append((time.monotonic() - began) * 1e3)
                harness.stop(daemon.process)
        for size in sizes:
            outcome[f"start-up, {size}"] = {"ms": median(starts[size])}
        for size in sizes:
            outcome[f"32 jobs of a dead daemon taken over and ended, {size}"] = {"ms": median(taken_over[size])}
        daemons = {size: Daemon(self.bench, "rows " + size, mode="official") for size in sizes}
        for operation, requests in self.look_ups().items():
            rounds = {size: [] for size in sizes}
            for _ in range(self.rounds):
                for size, daemon in daemons.items():
                    bodies = requests(daemon.port, samples[size], sizes[size])
                    rounds[size].append(self.bench.measured(daemon.pids, daemon.port, 4, self.seconds / 4, bodies))
            smallest = next(iter(sizes))
            part = ratios(rounds, smallest, ["per_second", "cpu_us", "p50_us", "p99_us", "errors"])
            for size, row in part.items():
                row.pop("rate_ratio", None)
                if size != smallest:
                    row["times_smallest"] = row.pop("cpu_ratio")
                outcome[f"{operation}, {size}"] = row
        for daemon in daemons.values():
            daemon.end()
        return outcome

    @staticmethod
    def look_ups():
        """What is asked of a record, as functions of a port, the ids of some jobs and the count of all."""
        def each(path):
            return lambda port, ids, count: [look_up(port, path.format(id=id)) for id in ids]

        def one(path):
            return lambda port, ids, count: [look_up(port, path.format(deep=count // 2 * 3 // 2 // 50))]

        return {
            "one job": each("/v1/jobs/{id}"),
            "jobs, first page": one("/v1/jobs"),
            "jobs, after any": each("/v1/jobs?after={id}"),
            "failed jobs": one("/v1/jobs?status=failed"),
            "failed jobs, after any": each("/v1/jobs?status=failed&after={id}"),
            "unfinished jobs": one("/v1/jobs?status=running"),
            "balance": one("/v1/credits/balance"),
            "statement, first page": one("/v1/credits/transactions"),
            "statement, in the middle": one("/v1/credits/transactions?page={deep}"),
            "public pictures, first page": one("/v1/images"),
            "public pictures, in the middle": lambda port, ids, count: [look_up(port, f"/v1/images?page={count // 8 // 20}")],
            "generation": lambda port, ids, count: [generation(port, "small", "url")],
        }

    def large(self):
        """Large generation: a reply of 3 MB"""
        return self.compared("large", 8, ["per_second", "cpu_us", "p50_us", "p99_us", "peak_kib", "errors"])

    def edits(self):
        """Edit with a picture of 4 MB, as a form"""
        picture = harness.picture(is_large=True, extra=4_000_000 - (2 << 20))
        port = self.bench.nginx_port

        def ours():
            daemon = Daemon(self.bench, "edits")
            return daemon.pids, daemon.port, harness.edit(daemon.port, "small", picture), daemon.end

        theirs = (self.bench.nginx_pids, port, harness.edit(port, "small", picture, "/small"), lambda: None)
        rounds = self.in_turns([("nginx proxy_pass", lambda: theirs), ("url", ours)], 4)
        return ratios(rounds, "nginx proxy_pass", ["per_second", "cpu_us", "p50_us", "p99_us", "peak_kib", "errors"])

    def models(self):
        """Small generation with few and many models in the registry"""
        counts = [10, 1_000, 10_000]

        def target(count):
            def begin():
                daemon = Daemon(self.bench, "models", mode=self.bench.with_models(count))
                request = generation(daemon.port, "small", "url")
                return daemon.pids, daemon.port, request, daemon.end
            return begin

        rounds = self.in_turns([(f"{count:,} models", target(count)) for count in counts], CONNECTIONS)
        outcome = ratios(rounds, f"{counts[0]:,} models", ["per_second", "cpu_us", "p50_us", "p99_us", "errors"])
        for row in outcome.values():
            row.pop("rate_ratio", None)
            if "cpu_ratio" in row:
                row["times_smallest"] = row.pop("cpu_ratio")
        return outcome

    def stored(self):
        """Stored picture"""
        daemon = Daemon(self.bench, "stored")
        outcome = {}
        for size in ("small", "large"):
            url = harness.send(daemon.port, generation(daemon.port, size, "url"))["data"][0]["url"]
            path = "/" + url.split("/", 3)[3]
            ours = (daemon.pids, daemon.port, fetch(daemon.port, path), lambda: None)
            port = self.bench.nginx_port
            theirs = (self.bench.nginx_pids, port, fetch(port, f"/{size}.png"), lambda: None)
            rounds = self.in_turns(
                [("nginx static", lambda: theirs), (f"{size} picture", lambda: ours)],
                CONNECTIONS if size == "small" else 8,
                self.seconds / 2,
            )
            part = ratios(rounds, "nginx static", ["per_second", "cpu_us", "p50_us", "p99_us", "errors"])
            outcome[f"nginx static, {size}"] = part.pop("nginx static")
            outcome.update(part)
        daemon.end()
        return outcome

    def latency(self):
        """Latency at 500 requests a second, open loop"""
        daemon = Daemon(self.bench, "latency")
        ports = {"direct": self.bench.vendor_port, "nginx proxy_pass": self.bench.nginx_port, "url": daemon.port}
        rounds = {name: [] for name in ports}
        for _ in range(self.rounds):
            for name, port in ports.items():
                request = generation(port, "small", "url", "" if name == "url" else "/small")
                report = self.bench.load(port, CONNECTIONS, "open", self.seconds, request, rate=500)
                rounds[name].append(report)
        daemon.end()
        outcome = {name: summary(reports, "p50_us", "p99_us", "errors") for name, reports in rounds.items()}
        for name in ("nginx proxy_pass", "url"):
            for key in ("p50", "p99"):
                outcome[name][f"added_{key}_us"] = median(
                    [a[f"{key}_us"] - b[f"{key}_us"] for a, b in zip(rounds[name], rounds["direct"])]
                )
        return outcome

    def held(self):
        """Requests held for ten seconds at once, resident memory of each"""
        outcome = {}
        for count in [100] if self.starts == 3 else [1_000, 5_000, 9_750]:
            daemon = Daemon(self.bench, "held")
            for name, pids, port, prefix in [
                ("nginx proxy_pass", self.bench.nginx_pids, self.bench.nginx_port, "/held"),
                ("url", daemon.pids, daemon.port, ""),
            ]:
                request = generation(port, "held", "url", prefix)
                before = harness.resident_kib(pids)
                held = {}

                def look():
                    time.sleep(harness.HOLD_MS / 1000 * 0.75)
                    held["kib"], held["cpu"] = harness.resident_kib(pids), harness.cpu_seconds(pids)
                    time.sleep(harness.HOLD_MS / 1000 * 0.15)
                    held["cpu"] = harness.cpu_seconds(pids) - held["cpu"]

                report = self.bench.load(port, count, "once", 0, request, while_running=look)
                outcome[f"{name}, {count:,}"] = {
                    "held": count, "answered": report["answered"], "kib_each": (held["kib"] - before) / count,
                    "cpu_share_waiting": held["cpu"] / (harness.HOLD_MS / 1000 * 0.15), "errors": report["errors"],
                }
            daemon.end()
        return outcome

    def overload(self):
        """Three times as many requests as can be served, for a minute"""
        return pressure.overload(self.bench, 6 if self.starts == 3 else 60)

    def slow(self):
        """10,000 slow clients: what others notice"""
        return pressure.slow(self.bench, *((500, 3) if self.starts == 3 else (9_500, 15)))

    def startup(self):
        """Start-up to the first answer, and memory at rest"""
        fresh, again, resident = [], [], []
        for _ in range(self.starts):
            daemon = Daemon(self.bench, "startup")
            fresh.append(daemon.startup_ms)
            harness.stop(daemon.process)
            daemon = Daemon(self.bench, "startup")
            again.append(daemon.startup_ms)
            resident.append(harness.resident_kib(daemon.pids) / 1024)
            daemon.end()
        return {
            "new data directory": {"ms": median(fresh)},
            "existing data directory": {"ms": median(again), "resident_mib": median(resident)},
        }

    def all(self):
        return [
            self.small, self.official, self.commits, self.latency, self.large, self.edits, self.stored, self.held,
            self.startup, self.models, self.rows, self.overload, self.slow,
        ]


def ratios(rounds, reference, keys, second=None):
    """Medians, and against the reference the median of the ratios within each round; of rates also to a second one."""
    outcome = {}
    for name, reports in rounds.items():
        outcome[name] = summary(reports, *keys)
        if name == reference:
            continue
        pairs = list(zip(reports, rounds[reference]))
        outcome[name]["rate_ratio"] = median([a["per_second"] / b["per_second"] for a, b in pairs])
        outcome[name]["cpu_ratio"] = median([a["cpu_us"] / b["cpu_us"] for a, b in pairs])
        if second and name != second:
            pairs = list(zip(reports, rounds[second]))
            outcome[name]["second_ratio"] = median([a["per_second"] / b["per_second"] for a, b in pairs])
    return outcome


# MARK: report

COLUMNS = {
    "per_second": ("requests/s", "{:,.0f}"), "rate_ratio": ("× nginx's rate", "{:.2f}"),
    "second_ratio": ("× self-hosted rate", "{:.2f}"), "against_rate": ("× other's rate", "{:.3f}"),
    "against_cpu": ("× other's CPU", "{:.3f}"),
    "cpu_us": ("CPU µs each", "{:,.1f}"), "times_smallest": ("× CPU at the smallest", "{:.2f}"), "cpu_ratio": ("× nginx's CPU", "{:.2f}"),
    "p50_us": ("p50 µs", "{:,.0f}"), "p99_us": ("p99 µs", "{:,.0f}"),
    "added_p50_us": ("p50 added µs", "{:,.0f}"), "added_p99_us": ("p99 added µs", "{:,.0f}"),
    "peak_kib": ("peak resident KiB", "{:,.0f}"), "held": ("held", "{}"), "answered": ("answered", "{}"),
    "kib_each": ("KiB each", "{:.1f}"), "cpu_share_waiting": ("CPU while waiting", "{:.1%}"), "ms": ("ms", "{:.1f}"),
    "resident_mib": ("resident MiB", "{:.1f}"), "rows_each_second": ("jobs/s", "{:,.0f}"), "requests": ("requests", "{}"),
    "commits_each": ("commits each", "{:.2f}"), "shed": ("told 503", "{:,.0f}"), "health_us": ("slowest health µs", "{:,.0f}"),
    "slow_clients": ("slow clients", "{:,}"), "times_usual": ("× usual p99", "{:.2f}"), "errors": ("errors", "{:.0f}"),
}


def table(title, outcome):
    keys = [key for key in COLUMNS if any(key in row for row in outcome.values())]
    lines = [f"### {title}", "", "| | " + " | ".join(COLUMNS[key][0] for key in keys) + " |"]
    lines.append("| --- |" + " ---: |" * len(keys))
    for name, row in outcome.items():
        cells = [COLUMNS[key][1].format(row[key]) if key in row else "" for key in keys]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def machine():
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "unknown")
    swift = subprocess.run(["swift", "--version"], capture_output=True, text=True).stdout.split("(")[0].strip()
    nginx = subprocess.run(["/usr/sbin/nginx", "-v"], capture_output=True, text=True).stderr.split("/")[-1].strip()
    return f"{os.cpu_count()} cores of a virtual machine ({model}), Linux {platform.release()}, {swift}, nginx {nginx}"


def publish(results, titles):
    """Writes the results over those of the same scenarios; each says when and at what load it was measured."""
    path = os.path.join(harness.HERE, "results.json")
    with open(path) as file:
        known = json.load(file)
    known.update({key: results[key] for key in ("command", "machine")})
    scenarios = {**known.get("scenarios", {}), **results["scenarios"]}
    known["scenarios"] = {name: scenarios[name] for name in titles if name in scenarios}
    known.setdefault("measured", {}).update(results["measured"])
    for stale in ("date", "load_average_before"):
        known.pop(stale, None)
    harness.write(path, json.dumps(known, indent=1) + "\n")
    text = known["machine"] + ".\n\n"
    for name, outcome in known["scenarios"].items():
        text += table(titles[name], outcome)
        if name in known["measured"]:
            text += "\n" + known["measured"][name] + ".\n"
        text += "\n"
    path = os.path.join(harness.HERE, "README.md")
    with open(path) as file:
        readme = file.read()
    start, end = "<!-- results -->\n", "<!-- end of results -->\n"
    head, tail = readme.split(start)[0], readme.split(end)[1]
    harness.write(path, head + start + "\n" + text + end + tail)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--dry", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--against")
    options = parser.parse_args()
    if not os.path.exists(harness.DAEMON):
        sys.exit("build it first: swift build -c release --product orchestratord")
    harness.take_precedence()
    scenarios = Scenarios(Bench(), options.quick)
    wanted = set(filter(None, options.only.split(",")))
    results = {"command": "make bench", "machine": machine(), "measured": {}, "scenarios": {}}
    if options.against:
        print(table(Scenarios.against.__doc__, scenarios.against(os.path.abspath(options.against))))
        return
    for scenario in scenarios.all():
        if wanted and scenario.__name__ not in wanted:
            continue
        name, load = scenario.__name__, os.getloadavg()[0]
        outcome = scenario()
        results["scenarios"][name] = outcome
        day = datetime.date.today().isoformat()
        results["measured"][name] = f"{day}, `python3 Benchmarks/bench.py --only {name}`, load average before {load:.1f}"
        print(table(scenario.__doc__, outcome), flush=True)
    if not options.dry:
        publish(results, {scenario.__name__: scenario.__doc__ for scenario in scenarios.all()})
    failed = [name for name, outcome in results["scenarios"].items() if any(r.get("errors") for r in outcome.values())]
    if failed:
        sys.exit(f"requests failed in: {', '.join(failed)}")


if __name__ == "__main__":
    main()

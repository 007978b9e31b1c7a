#!/usr/bin/env python3
"""Measures the daemon against nginx on the same machine and the same vendor, in turns; see README.md.

    python3 Benchmarks/bench.py [--quick] [--only NAME,…] [--dry]

`--quick` takes one short round of each, `--only` some scenarios, `--dry` writes no files.
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
from harness import Bench, Daemon, fetch, generation

CONNECTIONS = 64


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

    def daemon(self, provider, response_format):
        def target():
            daemon = Daemon(self.bench, "load")
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
        return self.compared("small", CONNECTIONS, ["per_second", "cpu_us", "p50_us", "p99_us", "errors"])

    def large(self):
        """Large generation: a reply of 3 MB"""
        return self.compared("large", 8, ["per_second", "cpu_us", "p50_us", "p99_us", "peak_kib", "errors"])

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
        """1,000 requests held at once, resident memory of each"""
        count = 100 if self.starts == 3 else 1000
        outcome = {}
        daemon = Daemon(self.bench, "held")
        for name, pids, port, request in [
            ("nginx proxy_pass", self.bench.nginx_pids, self.bench.nginx_port,
             generation(self.bench.nginx_port, "held", "url", "/held")),
            ("url", daemon.pids, daemon.port, generation(daemon.port, "held", "url")),
        ]:
            before = harness.resident_kib(pids)
            held = {}

            def look():
                time.sleep(harness.HOLD_MS / 1000 * 0.5)
                held["kib"], held["cpu"] = harness.resident_kib(pids), harness.cpu_seconds(pids)
                time.sleep(harness.HOLD_MS / 1000 * 0.25)
                held["cpu"] = harness.cpu_seconds(pids) - held["cpu"]

            report = self.bench.load(port, count, "once", 0, request, while_running=look)
            outcome[name] = {
                "held": count, "answered": report["answered"], "kib_each": (held["kib"] - before) / count,
                "cpu_share_waiting": held["cpu"] / (harness.HOLD_MS / 1000 * 0.25), "errors": report["errors"],
            }
        daemon.end()
        return outcome

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
        return [self.small, self.latency, self.large, self.stored, self.held, self.startup]


def ratios(rounds, reference, keys):
    """Medians, and against the reference the median of the ratios within each round."""
    outcome = {}
    for name, reports in rounds.items():
        outcome[name] = summary(reports, *keys)
        if name == reference:
            continue
        pairs = list(zip(reports, rounds[reference]))
        outcome[name]["rate_ratio"] = median([a["per_second"] / b["per_second"] for a, b in pairs])
        outcome[name]["cpu_ratio"] = median([a["cpu_us"] / b["cpu_us"] for a, b in pairs])
    return outcome


# MARK: report

COLUMNS = {
    "per_second": ("requests/s", "{:,.0f}"), "rate_ratio": ("× nginx's rate", "{:.2f}"),
    "cpu_us": ("CPU µs each", "{:,.1f}"), "cpu_ratio": ("× nginx's CPU", "{:.2f}"),
    "p50_us": ("p50 µs", "{:,.0f}"), "p99_us": ("p99 µs", "{:,.0f}"),
    "added_p50_us": ("p50 added µs", "{:,.0f}"), "added_p99_us": ("p99 added µs", "{:,.0f}"),
    "peak_kib": ("peak resident KiB", "{:,.0f}"), "held": ("held", "{}"), "answered": ("answered", "{}"),
    "kib_each": ("KiB each", "{:.1f}"), "cpu_share_waiting": ("CPU while waiting", "{:.1%}"), "ms": ("ms", "{:.1f}"),
    "resident_mib": ("resident MiB", "{:.1f}"), "errors": ("errors", "{:.0f}"),
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


def publish(results, text):
    with open(os.path.join(harness.HERE, "results.json"), "w") as file:
        json.dump(results, file, indent=1)
        file.write("\n")
    path = os.path.join(harness.HERE, "README.md")
    with open(path) as file:
        readme = file.read()
    start, end = "<!-- results -->\n", "<!-- end of results -->\n"
    head, tail = readme.split(start)[0], readme.split(end)[1]
    harness.write(path, head + start + "\n" + text + "\n" + end + tail)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--dry", action="store_true")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    if not os.path.exists(harness.DAEMON):
        sys.exit("build it first: swift build -c release --product orchestratord")
    harness.take_precedence()
    scenarios = Scenarios(Bench(), options.quick)
    wanted = set(filter(None, options.only.split(",")))
    results = {
        "date": datetime.date.today().isoformat(), "command": "make bench", "machine": machine(),
        "load_average_before": os.getloadavg()[0], "scenarios": {},
    }
    text = [f"{results['date']}, {results['machine']}.\n"]
    for scenario in scenarios.all():
        if wanted and scenario.__name__ not in wanted:
            continue
        outcome = scenario()
        results["scenarios"][scenario.__name__] = outcome
        text.append(table(scenario.__doc__, outcome))
        print(text[-1], flush=True)
    if not options.dry and not wanted:
        publish(results, "\n".join(text))
    failed = [name for name, outcome in results["scenarios"].items() if any(r.get("errors") for r in outcome.values())]
    if failed:
        sys.exit(f"requests failed in: {', '.join(failed)}")


if __name__ == "__main__":
    main()

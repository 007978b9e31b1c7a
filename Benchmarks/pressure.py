"""What the daemon does when it is asked for more than it can do, and when clients take their time."""

import resource
import socket
import statistics
import threading
import time

import harness
from harness import Daemon, generation


class Prober:
    """Asks for a daemon's health every 20 ms from a core of its own choosing, and remembers how long each answer took."""

    def __init__(self, port):
        self.port = port
        self.took = []

    def __enter__(self):
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def run(self):
        request = harness.fetch(self.port, "/health/live")
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.settimeout(10)
            while not self.ending.wait(0.02):
                began = time.monotonic()
                connection.sendall(request)
                answer = connection.recv(4096)
                self.took.append((time.monotonic() - began) * 1e6)
                if b" 200 " not in answer.split(b"\r\n")[0]:
                    raise SystemExit(f"unhealthy: {answer[:200]!r}")

    def __exit__(self, *_):
        self.ending.set()
        self.thread.join()


def overload(bench, seconds):
    """Capacity first, then three times as much in an open loop, then capacity again at once."""
    jobs = 1000
    daemon = Daemon(bench, "overload", mode=bench.with_queue(jobs))
    request = generation(daemon.port, "small", "url")
    bench.load(daemon.port, 64, "closed", 0.5, request)
    usual = bench.load(daemon.port, 64, "closed", 3, request)
    before = harness.resident_kib(daemon.pids, "VmHWM")
    with Prober(daemon.port) as prober:
        flood = bench.load(daemon.port, 4000, "open", seconds, request, rate=3 * usual["per_second"])
    peak = harness.resident_kib(daemon.pids, "VmHWM")
    after = bench.load(daemon.port, 64, "closed", 3, request)
    daemon.end()
    rows = {"capacity": usual, "three times as much": flood, "right after it": after}
    keys = ("per_second", "shed", "p50_us", "p99_us", "errors")
    outcome = {name: {key: report[key] for key in keys} for name, report in rows.items()}
    outcome["capacity"]["peak_kib"] = before
    outcome["three times as much"].update({"peak_kib": peak, "health_us": max(prober.took)})
    return outcome


class SlowClients:
    """Clients that send a head, or a body, or read an answer a byte at a time, a third each."""

    def __init__(self, port, count, picture):
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        self.sockets = []
        head = b"GET / HTTP/1.1\r\nHost: slow\r\nX-Slow: "
        body = generation(port, "small", "url")
        body = body[: body.index(b"\r\n\r\n") + 4]
        for number in range(count):
            client = socket.socket()
            if number % 3 == 2:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            client.connect(("127.0.0.1", port))
            client.sendall((head, body, harness.fetch(port, picture))[number % 3])
            self.sockets.append((client, number % 3))

    def __enter__(self):
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.trickle)
        self.thread.start()
        return self

    def trickle(self):
        """A byte from, or to, each every few seconds; those that were thrown out stay away."""
        while True:
            for number, (client, kind) in enumerate(self.sockets):
                if number % 100 == 0 and self.ending.wait(0.05):
                    return
                try:
                    client.recv(1, socket.MSG_DONTWAIT) if kind == 2 else client.send(b"a", socket.MSG_DONTWAIT)
                except OSError:
                    pass

    def __exit__(self, *_):
        self.ending.set()
        self.thread.join()
        for client, _ in self.sockets:
            client.close()


def slow(bench, count, seconds):
    """The tail of quick clients with and without slow ones beside them, in turns."""
    daemon = Daemon(bench, "slow")
    request = generation(daemon.port, "small", "url")
    url = harness.send(daemon.port, generation(daemon.port, "large", "url"))["data"][0]["url"]
    picture = "/" + url.split("/", 3)[3]
    rounds = {"alone": [], "beside slow clients": []}
    for _ in range(3):
        bench.load(daemon.port, 16, "open", 0.5, request, rate=300)
        rounds["alone"].append(bench.load(daemon.port, 16, "open", seconds / 3, request, rate=300))
        with SlowClients(daemon.port, count, picture):
            rounds["beside slow clients"].append(
                bench.load(daemon.port, 16, "open", seconds / 3, request, rate=300)
            )
    daemon.end()
    outcome = {
        name: {key: statistics.median([report[key] for report in reports]) for key in ("p50_us", "p99_us", "errors")}
        for name, reports in rounds.items()
    }
    outcome["beside slow clients"]["slow_clients"] = count
    outcome["beside slow clients"]["times_usual"] = statistics.median(
        [b["p99_us"] / a["p99_us"] for a, b in zip(rounds["alone"], rounds["beside slow clients"])]
    )
    return outcome

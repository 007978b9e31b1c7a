"""Processes of the benchmark and what they cost: started pinned to a core, measured from /proc, always ended."""

import atexit
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
DAEMON = os.path.join(ROOT, ".build/release/orchestratord")
KEY = "ork_benchmark_0123456789abcdef0123456789abcdef"
SERVER_CORE, CLIENT_CORE = "0", "1"
HOLD_MS = 10_000

PROVIDERS = """
version: 1
server: {{mode: {mode}, watch: false, allow_private_urls: true, images_public: true}}
routing: {{policy: price, deadline: 60s}}
providers:
{providers}
limits:
  per_ip: 1000000000/s
  per_key: 1000000000/s
  global: 1000000000/s
  spend_per_day: 1000000000
  queue: {queue}
billing: {{daily_free: 0}}
"""
MODES = ("self-hosted", "official")
PROVIDER = """
  {name}:
    adapter: openai
    base_url: http://127.0.0.1:{port}/{name}/v1
    api_key: "${{BENCH_KEY}}"
    max_in_flight: 20000
    models:
      gpt-image-2: {{operations: [generate, edit], sizes: [1024x1024], formats: [png], tiers: {{low: {{cost: 0.006}}}}}}
"""
FURTHER_MODEL = "      further-{n}: {{operations: [generate], sizes: [1024x1024], formats: [png], tiers: {{low: {{cost: 0.007}}}}}}\n"
NGINX = """
daemon off; worker_processes 1; pid {dir}/nginx.pid; error_log {dir}/nginx.err crit; worker_rlimit_nofile 20000;
events {{ worker_connections 19900; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; client_body_buffer_size 8m; client_max_body_size 16m;
  types {{ image/png png; }}
  client_body_temp_path {dir}/b; proxy_temp_path {dir}/p; fastcgi_temp_path {dir}/f;
  uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
  upstream vendor {{ server 127.0.0.1:{vendor}; keepalive 2048; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=8192;
    open_file_cache max=100; root {dir}/static;
    location ~ ^/(small|large|held)/ {{
      proxy_pass http://vendor; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffers 16 64k; proxy_busy_buffers_size 256k; proxy_max_temp_file_size 0; proxy_read_timeout 60s;
    }}
  }}
}}
"""

_running = []


def start(core, words, **options):
    """A process on one core, in a group of its own; it never outlives the benchmark."""
    process = subprocess.Popen(["taskset", "-c", core, *words], process_group=0, **options)
    _running.append(process)
    return process


def stop(process, number=signal.SIGTERM):
    if process.poll() is None:
        try:
            os.killpg(process.pid, number)
            process.wait(timeout=10)
        except ProcessLookupError:
            pass
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process in _running:
        _running.remove(process)


@atexit.register
def stop_all():
    for process in list(_running):
        stop(process, signal.SIGKILL)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(pids):
    """What the threads of some processes have used; to the nanosecond, unlike utime and stime."""
    total = 0
    for pid in pids:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/schedstat") as file:
                total += int(file.read().split()[0])
    return total / 1e9


def resident_kib(pids, field="VmRSS"):
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/status") as file:
            total += next(int(line.split()[1]) for line in file if line.startswith(field))
    return total


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(word) for word in file.read().split()]


class Bench:
    """The scratch directory, the built tools, the vendor, and nginx in front of it."""

    def __init__(self):
        base = "/dev/shm" if os.path.isdir("/dev/shm") else None
        self.dir = tempfile.mkdtemp(prefix="orchestrator-bench-", dir=base)
        os.chmod(self.dir, 0o755)
        atexit.register(shutil.rmtree, self.dir, ignore_errors=True)
        self.load_tool = self.build("load")
        small, large = self.path("static/small.png"), self.path("static/large.png")
        os.makedirs(self.path("static"))
        write(small, picture(is_large=False))
        write(large, picture(is_large=True))
        vendor = start(
            CLIENT_CORE, [self.build("mock_vendor"), small, large, str(HOLD_MS)], stdout=subprocess.PIPE, text=True
        )
        self.vendor_port = int(vendor.stdout.readline())
        self.vendor_pid = vendor.pid
        self.nginx_port = free_port()
        write(self.path("nginx.conf"), NGINX.format(dir=self.dir, vendor=self.vendor_port, port=self.nginx_port))
        master = start(
            SERVER_CORE,
            [shutil.which("nginx", path="/usr/sbin:" + os.environ["PATH"]), "-c", self.path("nginx.conf")],
            stderr=subprocess.DEVNULL,
        )
        wait_until(lambda: get(self.nginx_port, "/small.png"))
        self.nginx_pids = children(master.pid)
        providers = "".join(
            PROVIDER.format(name=name, port=self.vendor_port) for name in ("small", "large", "held")
        )
        for mode in MODES:
            write(self.path(mode + ".yaml"), PROVIDERS.format(mode=mode, providers=providers, queue=100_000))

    def with_models(self, count):
        """A configuration with so many models, of which the one that is asked for is the last."""
        providers = PROVIDER.format(name="small", port=self.vendor_port)
        head, last = providers.split("    models:\n")
        further = "".join(FURTHER_MODEL.format(n=n) for n in range(count - 1))
        name = f"models-{count}"
        providers = head + "    models:\n" + further + last
        write(self.path(name + ".yaml"), PROVIDERS.format(mode="self-hosted", providers=providers, queue=100_000))
        return name

    def with_queue(self, jobs):
        """A configuration that takes in so many jobs at once."""
        providers = PROVIDER.format(name="small", port=self.vendor_port)
        name = f"queue-{jobs}"
        write(self.path(name + ".yaml"), PROVIDERS.format(mode="self-hosted", providers=providers, queue=jobs))
        return name

    def path(self, name):
        return os.path.join(self.dir, name)

    def build(self, name):
        tool = self.path(name)
        subprocess.run(["gcc", "-O2", "-o", tool, os.path.join(HERE, name + ".c")], check=True)
        return tool

    def load(self, port, connections, mode, seconds, request, rate=None, while_running=None):
        """Runs the load generator with one request, or several in turn, and returns its report."""
        path = self.path("request")
        requests = [request] if isinstance(request, bytes) else request
        write(path, b"".join(b"%d\n%s" % (len(one), one) for one in requests))
        words = [self.load_tool, str(port), str(connections), mode, str(seconds)]
        words += [str(rate)] if rate else []
        process = start(CLIENT_CORE, words + [path], stdout=subprocess.PIPE, text=True)
        if while_running:
            while_running()
        report = json.loads(process.communicate(timeout=seconds + 90)[0])
        stop(process)
        report["per_second"] = report["answered"] / report["seconds"]
        return report

    def measured(self, pids, port, connections, seconds, request):
        """One closed-loop round with the server's CPU time per answer."""
        before = cpu_seconds(pids)
        report = self.load(port, connections, "closed", seconds, request)
        report["cpu_us"] = (cpu_seconds(pids) - before) * 1e6 / max(1, report["answered"])
        return report


class Daemon:
    """One run of orchestratord on the data directory of a name; in official mode its administrator has credits."""

    def __init__(self, bench, name, core=SERVER_CORE, mode="self-hosted", binary=None):
        self.data = bench.path("data-" + name)
        began = time.monotonic()
        self.process = start(
            core,
            [binary or DAEMON, "serve", "--config", bench.path(mode + ".yaml"), "--listen", "127.0.0.1:0",
             "--data-dir", self.data],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "BENCH_KEY": "vendor-key", "ORCHESTRATOR_ADMIN_KEY": KEY},
        )
        for line in self.process.stdout:
            if line.startswith("listening on"):
                self.port = int(line.rsplit(":", 1)[1])
                break
        else:
            sys.exit("the daemon did not start")
        get(self.port, "/health/live")
        self.startup_ms = (time.monotonic() - began) * 1e3
        self.pids = [self.process.pid]
        if mode == "official":
            user = call(self.port, "/v1/auth/me")["id"]
            call(self.port, "/v1/admin/credits/adjust", {"user_id": user, "amount": 1_000_000_000}, "start")

    def end(self):
        stop(self.process)
        shutil.rmtree(self.data, ignore_errors=True)


class LogSyncs:
    """Counts how often a daemon made its write-ahead log durable meanwhile, which it does once for each group commit."""

    def __init__(self, bench, daemon):
        self.path, self.pid = bench.path("syncs"), daemon.process.pid

    def __enter__(self):
        words = ["strace", "-f", "-y", "-e", "trace=fsync,fdatasync", "-o", self.path, "-p", str(self.pid)]
        self.tracer = start(CLIENT_CORE, words, stderr=subprocess.PIPE, text=True)
        # Says so when it has hold of the process, threads included.
        self.tracer.stderr.readline()
        time.sleep(0.2)
        return self

    def __exit__(self, *_):
        time.sleep(0.3)
        stop(self.tracer, signal.SIGINT)
        with open(self.path) as file:
            self.count = sum("orchestrator.sqlite-wal" in line and "resumed" not in line for line in file)


def verify(bench, data):
    """What `verify-ledger` finds wrong."""
    words = [DAEMON, "verify-ledger", "--config", bench.path("official.yaml"), "--data-dir", data]
    run = subprocess.run(words, capture_output=True, text=True, env={**os.environ, "BENCH_KEY": "vendor-key"})
    return "" if run.returncode == 0 else run.stdout + run.stderr


def copy(source, target):
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.lock", "*-wal", "*-shm"))


def generation(port, provider, response_format, prefix="", key=None, hook=None):
    """The bytes of one request for a picture, the same for everybody."""
    wishes = {
        "model": f"{provider}/gpt-image-2",
        "prompt": "a lighthouse at dusk, oil on canvas, heavy swell, gulls in the last light of the day",
        "size": "1024x1024",
        "quality": "low",
        "n": 1,
        "response_format": response_format,
    }
    if hook:
        wishes["webhook"] = {"url": hook}
    body = json.dumps(wishes)
    repeats = f"Idempotency-Key: {key}\r\n" if key else ""
    return (
        f"POST {prefix}/v1/images/generations HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {KEY}\r\n"
        f"Content-Type: application/json\r\nAccept: application/json\r\nUser-Agent: load\r\n{repeats}"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def edit(port, provider, picture, prefix=""):
    """The bytes of one request to change a picture, as a form."""
    boundary = "a-boundary-that-no-picture-holds"
    fields = {"model": f"{provider}/gpt-image-2", "prompt": "the same at dawn", "size": "1024x1024", "quality": "low",
              "response_format": "url"}
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="in.png"\r\n'
        "Content-Type: image/png\r\n\r\n".encode() + picture + b"\r\n"
    )
    body = b"".join(parts) + f"--{boundary}--\r\n".encode()
    head = (
        f"POST {prefix}/v1/images/edits HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {KEY}\r\n"
        f"Content-Type: multipart/form-data; boundary={boundary}\r\nAccept: application/json\r\nUser-Agent: load\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def fetch(port, path, fields=""):
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{fields}User-Agent: load\r\n\r\n".encode()


def look_up(port, path):
    return fetch(port, path, f"Authorization: Bearer {KEY}\r\n")


def picture(is_large, extra=150_000):
    """A whole PNG with the chunk that the vendor changes: 1024×1024 of one colour, some 250 bytes, or noise, 2 MiB and
    `extra` bytes that are skipped."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    if is_large:
        # Grey of 16 bits: 2 MiB, and stored as it is.
        depth, payload = 16, zlib.compress(b"".join(b"\0" + os.urandom(2048) for _ in range(1024)), 0)
    else:
        depth, payload = 1, zlib.compress((b"\0" + bytes(128)) * 1024, 9)
    padding = chunk(b"npAd", os.urandom(extra)) if is_large else b""
    header = struct.pack(">IIBBBBB", 1024, 1024, depth, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"tEXt", b"Comment\0" + b"0" * 16)
        + chunk(b"IDAT", payload) + padding + chunk(b"IEND", b"")
    )


def write(path, content):
    with open(path, "wb" if isinstance(content, bytes) else "w") as file:
        file.write(content)


def get(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        return answer.read()


def call(port, path, body=None, key=None):
    """One request by the administrator and its answer's JSON."""
    fields = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    if key:
        fields["Idempotency-Key"] = key
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=data, headers=fields)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def send(port, request):
    """Sends the bytes of one request and returns its answer's JSON."""
    head, body = request.split(b"\r\n\r\n", 1)
    lines = head.decode().split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines[1:])
    call = urllib.request.Request(f"http://127.0.0.1:{port}{lines[0].split()[1]}", data=body, headers=fields)
    with urllib.request.urlopen(call, timeout=30) as answer:
        return json.load(answer)


def wait_until(condition, seconds=20):
    end = time.monotonic() + seconds
    while True:
        try:
            if condition():
                return
        except OSError:
            pass
        if time.monotonic() > end:
            sys.exit("waited in vain")
        time.sleep(0.02)


def settle():
    """Lets what the warm-up left to do end, so that it is not counted."""
    time.sleep(0.1)


def take_precedence():
    """Goes before other work of this machine where that is allowed: the process, and its session where Linux groups by it."""
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -15)
        write("/proc/self/autogroup", "-15")
    except OSError:
        pass

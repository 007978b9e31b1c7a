#!/usr/bin/env python3
"""Time and peak memory of converting and shrinking pictures, beside the `vips` command in the same rounds.

Builds `imaging-bench`, makes the pictures, runs each operation in turns with `vips`, prints a table and writes it into
README.md. --quick: one round, nothing is written.
"""
import datetime, os, pathlib, statistics, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROUNDS = 1 if "--quick" in sys.argv else 5
REPEATS = 5


def run(words, **options):
    """Seconds, peak resident bytes and output of one process."""
    start = time.monotonic()
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env={**os.environ, "VIPS_CONCURRENCY": "1"})
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{words} failed")
    return time.monotonic() - start, usage.ru_maxrss * 1024, output


def picture(folder, name, width, height, noise):
    """A smooth picture with grain: PNG of about three megabytes at 1536x1024."""
    path = f"{folder}/{name}"
    smooth = f"{folder}/smooth.v"
    run(["vips", "perlin", smooth, str(width), str(height), "--cell-size", "256", "--seed", "1", "--uchar"])
    bands = []
    for seed in "234":
        # Each channel has grain of its own: what is alike in all three PNG makes small.
        grain, band = f"{folder}/grain.v", f"{folder}/band{seed}.v"
        run(["vips", "gaussnoise", grain, str(width), str(height), "--sigma", str(noise), "--mean", "0", "--seed", seed])
        run(["vips", "add", smooth, grain, band])
        bands.append(band)
    run(["vips", "bandjoin", " ".join(bands), f"{folder}/rgb.v"])
    run(["vips", "cast", f"{folder}/rgb.v", f"{folder}/eight.v", "uchar"])
    run(["vips", "copy", f"{folder}/eight.v", f"{folder}/s.v", "--interpretation", "srgb"])
    run(["vips", "pngsave", f"{folder}/s.v", path, "--strip"])
    return path


def main():
    subprocess.run(["swift", "build", "-c", "release", "--product", "imaging-bench"], cwd=ROOT, check=True)
    bench = str(ROOT / ".build/release/imaging-bench")
    with tempfile.TemporaryDirectory() as folder:
        photo = picture(folder, "photo.png", 1536, 1024, 7)
        large = picture(folder, "large.png", 3840, 2160, 7)
        out = folder + "/out"
        cases = [
            ("1536x1024 PNG to WebP", "png-webp", photo, ["vips", "webpsave", photo, out, "--Q", "90", "--strip"]),
            ("1536x1024 PNG to JPEG", "png-jpeg", photo,
             ["vips", "jpegsave", photo, out, "--Q", "90", "--strip", "--optimize-coding"]),
            ("1536x1024 PNG to 1024x1024", "resample", photo,
             ["vips", "thumbnail", photo, out + ".png[strip]", "1024", "--height", "1024", "--size", "force"]),
            ("3840x2160 PNG to a thumbnail of 512", "thumbnail", large,
             ["vips", "thumbnail", large, out + ".webp[strip,Q=80]", "512", "--height", "512", "--size", "down"]),
        ]
        rows = []
        for title, operation, source, words in cases:
            ours, first, memory, theirs, their_memory = [], [], [], [], []
            for _ in range(ROUNDS):
                _, peak, text = run([bench, operation, source, str(REPEATS)])
                times = [int(line) / 1000 for line in text.split()]
                first.append(times[0])
                ours.append(statistics.median(times[1:]))
                memory.append(peak)
                seconds, peak, _ = run(words)
                theirs.append(seconds * 1000)
                their_memory.append(peak)
            middle = statistics.median
            rows.append(
                f"| {title} ({os.path.getsize(source) / 1e6:.1f} MB) | {middle(ours):.0f} | {middle(first):.0f} "
                f"| {middle(theirs):.0f} | {middle(a / b for a, b in zip(ours, theirs)):.2f} "
                f"| {middle(memory) / 2**20:.0f} | {middle(their_memory) / 2**20:.0f} "
                f"| {middle(a / b for a, b in zip(memory, their_memory)):.2f} |"
            )
    load = open("/proc/loadavg").read().split()[0]
    table = "\n".join(
        [
            "| picture | ms | first ms | `vips` ms | × `vips` | peak MiB | `vips` MiB | × `vips` |",
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
            *rows,
            "",
            f"{datetime.date.today()}, `python3 Benchmarks/imaging.py`, load average after {load}.",
        ]
    )
    print(table)
    if "--quick" not in sys.argv:
        readme = ROOT / "Benchmarks/README.md"
        head, rest = readme.read_text().split("<!-- imaging -->\n")
        tail = rest.split("<!-- end of imaging -->")[1]
        readme.write_text(f"{head}<!-- imaging -->\n\n{table}\n\n<!-- end of imaging -->{tail}")


main()

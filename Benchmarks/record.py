"""Fills a daemon's SQLite record with jobs as the daemon writes them, far faster than it could be asked to.

One real job is the pattern. Every further one gets its own ids, times and digest, and what belongs to it: an attempt, a
picture, a hold, a charge in the chain, three lines of a statement; every tenth a key for repeats and an announcement, another
tenth failed. The books agree, which `verify-ledger` then has to find.
"""

import hashlib
import os
import sqlite3

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
PAIRS = [a + b for a in ALPHABET for b in ALPHABET]
OTHERS = 1000
MINUTE_MS = 60_000


def word(value, pairs):
    """A number in base 32, with so many pairs of digits."""
    return "".join(PAIRS[value >> 10 * place & 1023] for place in range(pairs - 1, -1, -1))


def name(prefix, time_ms, number):
    """An id of that time; a number below a thousand million stands where the daemon draws at random."""
    return f"{prefix}_{word(time_ms, 5)}0000000000{word(number, 3)}"


def link(previous, seq, fields):
    """The hash of a transfer: every field as its length, a colon and its bytes."""
    text = "".join("-" if f is None else f"{len(str(f).encode())}:{f}" for f in [previous, seq, *fields])
    return hashlib.sha256(text.encode()).hexdigest()


class Record:
    """A record of one daemon that is stopped; `grow` may be called again with more."""

    def __init__(self, directory):
        self.path = os.path.join(directory, "orchestrator.sqlite")
        self.db = sqlite3.connect(self.path, isolation_level=None)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA synchronous = OFF")
        self.db.execute("PRAGMA cache_size = -262144")
        self.job = self.one("SELECT * FROM jobs ORDER BY id LIMIT 1")
        self.pattern = {table: self.one(f"SELECT * FROM {table} LIMIT 1") for table in ("attempts", "images", "holds")}
        self.charge = self.one("SELECT * FROM transfers WHERE id LIKE 'charge:%' LIMIT 1")
        self.admin, self.key = self.job["owner"], self.job["key_id"]
        self.count = 1
        # Older than the pattern, so that what the daemon adds comes after; a job a minute.
        self.began = self.job["created_ms"] - 2 * 365 * 86_400_000

    def one(self, sql, *values):
        return dict(self.db.execute(sql, values).fetchone())

    def insert(self, table, rows):
        if not rows:
            return
        columns = ", ".join(rows[0])
        marks = ", ".join("?" * len(rows[0]))
        self.db.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", [tuple(r.values()) for r in rows])

    def grow(self, count):
        """Brings the record to so many jobs: every second is the administrator's, the others' are shared by a thousand."""
        self.db.execute("BEGIN")
        self.users()
        sealed = self.db.execute("SELECT seq, hash FROM transfers WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1")
        self.seq, self.hash = sealed.fetchone()
        self.available = {
            row[0]: [row[1], row[2]]
            for row in self.db.execute("SELECT id, posted_micro_usd, lines FROM accounts WHERE kind = 'tenant'")
        }
        self.charged, self.spent = 0, {}
        while self.count < count:
            last = min(count, self.count + 20_000)
            self.batch(range(self.count, last))
            self.count = last
        for account, (posted, lines) in self.available.items():
            self.db.execute("UPDATE accounts SET posted_micro_usd = ?, lines = ? WHERE id = ?", (posted, lines, account))
        self.db.execute(
            "UPDATE accounts SET posted_micro_usd = posted_micro_usd + ? WHERE id = 'house:revenue'", (self.charged,)
        )
        for (day, subject), amount in self.spent.items():
            self.db.execute(
                "INSERT INTO spend_counters VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET micro_usd = micro_usd + ?3",
                (day, subject, amount),
            )
        self.db.execute("COMMIT")

    def users(self):
        """The other users, each with a gift that is enough."""
        self.others = [name("usr", self.began - 1, n) for n in range(OTHERS)]
        if self.db.execute("SELECT 1 FROM users WHERE id = ?", (self.others[0],)).fetchone():
            return
        gift, at = 1_000_000_000_000, self.began - 1
        rows = []
        seq, previous = self.db.execute("SELECT seq, hash FROM transfers ORDER BY seq DESC LIMIT 1").fetchone()
        for n, user in enumerate(self.others):
            fields = [f"grant:{n}", "house:grants", "user:" + user, gift, "grant", "", None, at]
            seq, previous = seq + 1, link(previous, seq + 1, fields)
            rows.append((*fields, seq, previous))
            self.db.execute("INSERT INTO users (id, email, is_admin, created_ms) VALUES (?, ?, 0, ?)",
                            (user, f"user{n}@example.org", at))
            self.db.execute("INSERT INTO accounts VALUES (?, 'tenant', ?, 0, 1)", ("user:" + user, gift))
            self.db.execute("INSERT INTO statement_lines VALUES (?, 1, 'grant', ?, ?, '', NULL, ?)",
                            ("user:" + user, gift, gift, at))
        self.db.executemany("INSERT INTO transfers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        self.db.execute("INSERT INTO accounts VALUES ('house:grants', 'house', ?, 0, 0) ON CONFLICT DO UPDATE "
                        "SET posted_micro_usd = posted_micro_usd + excluded.posted_micro_usd", (-gift * OTHERS,))

    def batch(self, numbers):
        rows = {table: [] for table in ("jobs", "attempts", "images", "holds", "transfers", "statement_lines",
                                        "idempotency", "webhooks")}
        for n in numbers:
            self.add(n, rows)
        for table, added in rows.items():
            self.insert(table, added)

    def add(self, n, rows):
        at = self.began + n * MINUTE_MS
        job = name("job", at, n)
        is_own, has_failed = n % 2 == 0, n % 10 == 6
        owner = self.admin if is_own else self.others[n // 2 % OTHERS]
        key = self.key if is_own else None
        account, amount = "user:" + owner, self.pattern["holds"]["amount_micro_usd"]
        end = {}
        if has_failed:
            end = {"status": "failed", "credits_charged": 0, "credits_refunded": self.job["credits_reserved"],
                   "cost_micro_usd": 0}
        rows["jobs"].append({**self.job, "id": job, "owner": owner, "key_id": key, "created_ms": at, "started_ms": at,
                             "finished_ms": at + 900, "request_id": name("req", at, n), **end})
        cost = 0 if has_failed else self.pattern["attempts"]["cost_micro_usd"]
        rows["attempts"].append({**self.pattern["attempts"], "job_id": job, "started_ms": at, "ended_ms": at + 800,
                                 "cost_micro_usd": cost, "outcome": "unavailable" if has_failed else "ok"})
        for subject in ["all", "provider:" + self.pattern["attempts"]["provider"]] + (["key:" + key] if key else []):
            place = (at // 86_400_000, subject)
            self.spent[place] = self.spent.get(place, 0) + cost
        charge = "charge:" + job
        rows["holds"].append({**self.pattern["holds"], "id": "hold:" + job, "account_id": account,
                              "state": "released" if has_failed else "settled",
                              "transfer_id": None if has_failed else charge})
        self.line(rows, account, "reserve", -amount, job, at)
        if has_failed:
            self.line(rows, account, "refund", amount, job, at)
        else:
            digest = hashlib.sha256(str(n).encode()).hexdigest()
            rows["images"].append({**self.pattern["images"], "id": name("img", at + 800, n), "job_id": job,
                                   "owner": owner, "created_ms": at + 800, "digest": digest, "is_public": n % 4 == 0})
            self.line(rows, account, "release", amount, job, at + 900)
            self.line(rows, account, "spend", -amount, job, at + 900)
            self.charged += amount
            self.seq += 1
            fields = [charge, account, "house:revenue", amount, "spend", "", job, at + 900]
            self.hash = link(self.hash, self.seq, fields)
            rows["transfers"].append(dict(zip(self.charge, [*fields, self.seq, self.hash])))
        if n % 10 == 0:
            rows["idempotency"].append({"owner": owner, "key": f"key-{n}", "fingerprint": hashlib.sha256(b"").hexdigest(),
                                        "job_id": job, "expires_ms": self.job["created_ms"] + 86_400_000})
            rows["webhooks"].append({"id": name("whk", at, n), "job_id": job, "url": "https://example.org/hook",
                                     "secret": "whsec", "state": "delivered", "tries": 1, "ready_ms": at})

    def line(self, rows, account, kind, amount, job, at):
        state = self.available[account]
        state[1] += 1
        # What is available, not what is posted; both are the same once a job has ended.
        state[0] += amount
        rows["statement_lines"].append({
            "account_id": account, "n": state[1], "kind": kind, "amount_micro_usd": amount,
            "available_after_micro_usd": state[0], "note": "", "reference": job, "at_ms": at,
        })

    def leave(self, count, path):
        """Puts jobs into another copy of the record whose daemon died before it could begin them."""
        db = sqlite3.connect(path, isolation_level=None)
        at = self.job["created_ms"] - 60_000
        last = db.execute("SELECT count(*) FROM jobs").fetchone()[0]
        columns = ", ".join(self.job)
        for n in range(last, last + count):
            job = {**self.job, "id": name("job", at, n), "request_id": name("req", at, n), "status": "queued",
                   "started_ms": None, "finished_ms": None, "cost_micro_usd": 0, "quote": None, "credits_reserved": 0,
                   "credits_charged": 0, "lease_until_ms": at, "created_ms": at}
            db.execute(f"INSERT INTO jobs ({columns}) VALUES ({', '.join('?' * len(job))})", tuple(job.values()))
        db.close()

    def jobs_of_admin(self, most):
        """Ids evenly from the whole record."""
        total = self.db.execute("SELECT count(*) FROM jobs WHERE owner = ?", (self.admin,)).fetchone()[0]
        step = max(1, total // most)
        ids = [row[0] for row in self.db.execute("SELECT id FROM jobs WHERE owner = ? ORDER BY id", (self.admin,))]
        return ids[::step][:most]

    def close(self):
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.db.close()

#!/usr/bin/env python3
"""Hears of a job's end by a signed webhook (standardwebhooks.com), with Python's own library alone.

Needs URL and KEY of a daemon that may call this machine (server.allow_private_urls: true, as with 'serve --dev').
"""
import base64
import hashlib
import hmac
import http.server
import json
import os
import time
import urllib.request

secret = os.urandom(32)
heard = []


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        name, sent = self.headers["webhook-id"], self.headers["webhook-timestamp"]
        signed = hmac.new(secret, f"{name}.{sent}.".encode() + body, hashlib.sha256).digest()
        wanted = "v1," + base64.b64encode(signed).decode()
        # There may be several, while a secret is being changed. Old calls may be somebody's recording.
        is_ours = any(hmac.compare_digest(wanted, one) for one in self.headers["webhook-signature"].split())
        is_fresh = abs(time.time() - int(sent)) < 300
        self.send_response(204 if is_ours and is_fresh else 401)
        self.end_headers()
        if is_ours and is_fresh:
            heard.append(json.loads(body))

    def log_message(self, *_):
        pass


receiver = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
order = {
    "prompt": "a bowl of lemons",
    "size": "1024x1024",
    "webhook": {
        "url": f"http://127.0.0.1:{receiver.server_port}/done",
        "secret": "whsec_" + base64.b64encode(secret).decode(),
    },
}
request = urllib.request.Request(
    os.environ["URL"] + "/v1/images/generations",
    json.dumps(order).encode(),
    {
        "Authorization": "Bearer " + os.environ["KEY"],
        "Content-Type": "application/json",
        "Prefer": "respond-async",
    },
)
with urllib.request.urlopen(request) as reply:
    job = json.load(reply)["id"]
while not heard:
    receiver.handle_request()
# The same call may come twice: its webhook-id tells. What it says of the job is what GET /v1/jobs/ID says.
assert heard[0]["data"]["id"] == job
print(heard[0]["type"], heard[0]["data"]["images"][0]["url"])

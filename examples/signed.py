#!/usr/bin/env python3
"""Makes a picture by a signed request: the key is sent once, for its signing key, and never again.

Needs URL and KEY of a daemon; docs/accounts.md has the recipe in words.
"""
import hashlib
import hmac
import json
import os
import secrets
import time
import urllib.error
import urllib.request

url, key = os.environ["URL"], os.environ["KEY"]


def send(method, target, headers, body=b""):
    request = urllib.request.Request(url + target, body or None, headers, method=method)
    try:
        return json.load(urllib.request.urlopen(request))
    except urllib.error.HTTPError as refusal:
        return json.load(refusal)


def signed(method, target, body=b""):
    seconds, nonce = str(int(time.time())), secrets.token_hex(16)
    digest = hashlib.sha256(body).hexdigest()
    lines = "\n".join(["v1", method, target, seconds, nonce, digest])
    code = hmac.new(signing_key.encode(), lines.encode(), hashlib.sha256).hexdigest()
    return {
        "Authorization": "Signed " + signing_key.split("_")[1],
        "X-Signature-Timestamp": seconds,
        "X-Signature-Nonce": nonce,
        "X-Content-SHA256": digest,
        "X-Signature": "v1=" + code,
        "Content-Type": "application/json",
    }


# A program keeps this, and needs the key no more.
signing_key = send("POST", "/v1/auth/signing-key", {"Authorization": "Bearer " + key})["signing_key"]

target = "/v1/images/generations"
body = json.dumps({"prompt": "a bowl of lemons", "size": "1024x1024", "quality": "low"}).encode()
headers = signed("POST", target, body)
print(send("POST", target, headers, body)["data"][0]["url"])
# Somebody who heard it sends it again; somebody else changes it on the way.
print(send("POST", target, headers, body)["error"]["message"])
print(send("POST", target, signed("POST", target, body), body.replace(b"lemons", b"melons"))["error"]["message"])
print(len(send("GET", "/v1/jobs?limit=1", signed("GET", "/v1/jobs?limit=1"))["data"]), "job")

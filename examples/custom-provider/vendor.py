#!/usr/bin/env python3
"""A picture vendor for the example: POST /draw {prompt, width, height, grain} answers a PNG in colours of the prompt."""
import hashlib
import json
import struct
import sys
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = "echo-secret"


def png(prompt, width, height, grain):
    colours = hashlib.sha256(prompt.encode()).digest()
    row = [colours[3 * (x // grain % 8):][:3] for x in range(width)]
    rows = [b"\0" + b"".join(row[(y // grain * grain) % width:] + row[:(y // grain * grain) % width]) for y in range(height)]

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"".join(rows))) + chunk(b"IEND", b"")


class Vendor(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        order = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.headers.get("x-echo-key") != KEY:
            return self.answer(401, {"error": "wrong key"})
        if "forbidden" in order["prompt"]:
            return self.answer(400, {"error": "refused"})
        self.answer(200, png(order["prompt"], order["width"], order["height"], order["grain"]))

    def answer(self, status, body):
        is_picture = isinstance(body, bytes)
        data = body if is_picture else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "image/png" if is_picture else "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 9000), Vendor)
print(f"drawing on http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()

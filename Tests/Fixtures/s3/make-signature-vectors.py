"""Makes signature-vectors.json: requests as botocore signs them, for the table test of SignatureV4.

Run it with botocore installed:  python3 make-signature-vectors.py > signature-vectors.json
"""
import datetime
import hashlib
import json
from unittest import mock
from urllib.parse import unquote, urlsplit

import botocore.auth
import botocore.session
from botocore.config import Config

ACCESS, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
KEY = f"artifacts/9f/{DIGEST}"
BODY = b"the bytes of a picture"
# The times are of all kinds: a new year, a leap day, a summer night.
TIMES = ["2026-01-01T00:00:00", "2028-02-29T12:34:56", "2026-07-31T23:59:59"]
PLACES = [
    ("https://s3.eu-central-1.amazonaws.com", "eu-central-1", "path"),
    ("https://s3.eu-central-1.amazonaws.com", "eu-central-1", "virtual"),
    ("http://127.0.0.1:8333", "us-east-1", "path"),
    ("https://minio.example.com:9000", "garage", "virtual"),
    ("http://storage.example.com", "auto", "path"),
]
CALLS = [
    ("get_object", dict(Key=KEY)),
    ("get_object", dict(Key=KEY, Range="bytes=0-99")),
    ("head_object", dict(Key=KEY, ChecksumMode="ENABLED")),
    ("delete_object", dict(Key=KEY)),
    ("put_object", dict(Key=KEY, Body=BODY, ContentType="image/png",
                        CacheControl="private, max-age=31536000, immutable")),
    ("put_object", dict(Key="a b/ä+ü~!*'()&=?#%.png", Body=BODY, ContentType="image/png")),
    ("put_object", dict(Key=KEY, Body=b"", ContentType="image/png",
                        Metadata={"note": "  two   spaces  "})),
    ("copy_object", dict(Key=KEY, CopySource=f"pictures/{KEY}", MetadataDirective="REPLACE",
                         ContentType="image/webp")),
    ("list_objects_v2", dict(Prefix="artifacts/9f/", MaxKeys=1000)),
    ("list_objects_v2", dict(Prefix="a b/ü&c=d", ContinuationToken="1/abc+def==~", MaxKeys=7)),
    ("list_multipart_uploads", dict(Prefix="artifacts/9f/")),
    ("create_multipart_upload", dict(Key=KEY, ContentType="image/png")),
    ("upload_part", dict(Key=KEY, PartNumber=10, UploadId="a/b+c=_~-", Body=BODY)),
    ("complete_multipart_upload", dict(Key=KEY, UploadId="abc", MultipartUpload={
        "Parts": [{"ETag": '"e1"', "PartNumber": 1}]})),
    ("abort_multipart_upload", dict(Key=KEY, UploadId="abc")),
]


def main():
    session = botocore.session.get_session()
    vectors = []
    for place, (endpoint, region, style) in enumerate(PLACES):
        client = session.create_client(
            "s3", endpoint_url=endpoint, region_name=region, aws_access_key_id=ACCESS, aws_secret_access_key=SECRET,
            config=Config(
                s3={"addressing_style": style, "payload_signing_enabled": True},
                request_checksum_calculation="when_required", response_checksum_validation="when_required",
            ),
        )
        seen = []

        def note(request, **_):
            seen.append(request)
            raise StopIteration

        client.meta.events.register("before-send.s3", note)
        for number, (name, arguments) in enumerate(CALLS):
            moment = datetime.datetime.fromisoformat(TIMES[(number + place) % len(TIMES)])
            with mock.patch("botocore.auth.get_current_datetime", lambda remove_tzinfo=True: moment):
                try:
                    getattr(client, name)(Bucket="pictures", **arguments)
                except StopIteration:
                    pass
            request = seen.pop()
            headers = {
                key.lower(): value.decode() if isinstance(value, bytes) else value
                for key, value in request.headers.items()
            }
            authorization = headers.pop("authorization")
            signed = authorization.split("SignedHeaders=")[1].split(",")[0].split(";")
            body = request.body or b""
            body = body if isinstance(body, bytes) else body.read()
            parts = urlsplit(request.url)
            vectors.append({
                "call": name, "endpoint": endpoint, "region": region,
                "addressing": "path" if style == "path" else "host",
                "key": arguments.get("Key", ""), "method": request.method, "url": request.url,
                "query": sorted(query(parts.query)),
                "headers": {key: headers[key] for key in signed
                            if key in headers and key not in ("host", "x-amz-date", "x-amz-content-sha256")},
                "payload_hash": hashlib.sha256(body).hexdigest(), "sent_hash": headers["x-amz-content-sha256"],
                "time": moment.isoformat() + "Z", "authorization": authorization,
            })
    lines = ",\n".join(json.dumps(vector, ensure_ascii=False) for vector in vectors)
    head = json.dumps({"access_key": ACCESS, "secret_key": SECRET, "bucket": "pictures"})[:-1]
    print(f'{head}, "vectors": [\n{lines}\n]}}')


def query(text):
    for pair in filter(None, text.split("&")):
        name, _, value = pair.partition("=")
        yield [unquote(name), unquote(value)]


main()

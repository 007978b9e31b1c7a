#!/usr/bin/env bash
# A picture that nobody waits for: a job, its events, its end. Needs URL and KEY of a daemon.
set -euo pipefail
: "${URL:?}" "${KEY:?}"

# The key makes the request safe to repeat: however often it is sent, it is one job and one charge.
job=$(curl -sf "$URL/v1/images/generations" -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \
    -H 'Prefer: respond-async' -H "Idempotency-Key: ${ORDER:-order-1}" \
    -d '{"prompt": "a lighthouse at dusk", "size": "1024x1024"}' |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])')
echo "job $job"

# Each state as it comes; the stream ends with the job.
curl -sfN "$URL/v1/jobs/$job/events" -H "Authorization: Bearer $KEY" | sed -n 's/^data: //p' |
    python3 -c 'import json, sys
for line in sys.stdin:
    print(json.loads(line)["status"])'

orchestratorctl --api-url "$URL" --api-key "$KEY" jobs wait "$job" -o pictures

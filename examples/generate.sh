#!/usr/bin/env bash
# A picture by curl and by orchestratorctl. Needs URL and KEY of a daemon; 'orchestratord serve --dev' prints both.
set -euo pipefail
: "${URL:?}" "${KEY:?}"

# As OpenAI's images API: the picture comes as base64.
curl -sf "$URL/v1/images/generations" -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \
    -d '{"prompt": "a red fox in the snow", "size": "1024x1024", "response_format": "b64_json"}' |
    python3 -c 'import base64, json, sys; sys.stdout.buffer.write(base64.b64decode(json.load(sys.stdin)["data"][0]["b64_json"]))' \
        > fox.png

# The same on the command line; the file is called after the picture's id.
export ORCHESTRATOR_API_URL=$URL ORCHESTRATOR_API_KEY=$KEY
orchestratorctl generate 'a red fox in the snow' --size 1024x1024 --policy quality -o pictures

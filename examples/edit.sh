#!/usr/bin/env bash
# A picture made of another one. Needs URL and KEY of a daemon; 'orchestratord serve --dev' prints both.
set -euo pipefail
: "${URL:?}" "${KEY:?}"
export ORCHESTRATOR_API_URL=$URL ORCHESTRATOR_API_KEY=$KEY

# Something to start from.
orchestratorctl generate 'a red fox' --size 1024x1024 --json > fox.json
id=$(python3 -c 'import json; print(json.load(open("fox.json"))["images"][0]["id"])')
curl -sf "$URL/v1/images/$id/content" -H "Authorization: Bearer $KEY" -o fox.png

# By upload, as OpenAI's clients do it.
curl -sf "$URL/v1/images/edits" -H "Authorization: Bearer $KEY" \
    -F image=@fox.png -F prompt='let it snow' -F size=1024x1024 -F response_format=url
echo

# By the id that the picture has on the server, or by the beginning of it.
orchestratorctl edit "gallery:$id" 'let it snow' --size 1024x1024 -o edited

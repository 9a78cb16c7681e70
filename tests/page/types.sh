#!/usr/bin/env bash
# Checks the types of the page, its templates included.
set -euo pipefail
cd "$(dirname "$0")/../.."

code=0
log=$(npx vue-tsc -p client --pretty false) || code=$?
# the console's packages come as sources, which do not hold to our settings
if ! found=$(grep -vE '^(node_modules/| |$)' <<< "$log") && [[ $code == [02] ]]; then exit; fi
printf '%s\n' "${found:-$log}"
exit 1

#!/usr/bin/env bash
# Runs the demonstration for a while: it has to show what it promises, end when told to, and leave nothing behind.
set -euo pipefail
cd "$(dirname "$0")/../.."

fail() {
  cat "$log"
  echo "failed: $1"
  exit 1
}

log=$(mktemp)
process=
cleanup() {
  [ -z "$process" ] || kill -KILL "$process" 2>/dev/null || true
  rm -f "$log"
}
trap cleanup EXIT

before=$(git status --porcelain)
env -u QQ_APPID -u QQ_SECRET LC_ALL=en_US.UTF-8 node -r esbuild-register -r yml-register tests/start > "$log" 2>&1 &
process=$!

for _ in {1..80}; do
  grep -q 'End of the demonstration' "$log" && break
  kill -0 "$process" 2>/dev/null || fail 'it ended by itself'
  sleep 0.5
done
for text in 'webui is available' 'FRIEND_ADD → friend-added' 'reply  Hello' 'roster friend · push rejected' 'ledger msg-reject · notice sent' 'FRIEND_DEL' 'made the link spring' 'broadcast finished' 'link spring: users 1, friends 1'; do
  grep -q "$text" "$log" || fail "no line with: $text"
done

SECONDS=0
kill -TERM "$process"
wait "$process" || fail "exit code $?"
process=
[ "$SECONDS" -le 2 ] || fail 'it took too long to end'
! grep -E '\[[EW]\]|Error|^ +at ' "$log" || fail 'it complained'
[ "$before" = "$(git status --porcelain)" ] || fail 'the work tree changed'
cat "$log"

#!/usr/bin/env bash
# Packs the plugin, installs the package as its users do, and has Koishi load it.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
  [ ! -f "$folder/log" ] || cat "$folder/log"
  echo "failed: $1"
  exit 1
}

folder=$(mktemp -d)
group=
cleanup() {
  # koishi's worker outlives it unless the whole group is told
  [ -z "$group" ] || kill -KILL -- "-$group" 2>/dev/null || true
  rm -rf "$folder"
}
trap cleanup EXIT

version() {
  node -p "require('./package-lock.json').packages['node_modules/$1'].version"
}

packages=(
  "koishi@$(version koishi)"
  "@koishijs/plugin-http@$(version @koishijs/plugin-http)"
  "@koishijs/plugin-server@$(version @koishijs/plugin-server)"
  "koishi-plugin-adapter-qq@npm:@satorijs/adapter-qq@$(version @satorijs/adapter-qq)"
  "koishi-plugin-database-sqlite@npm:@minatojs/driver-sqlite@$(version @minatojs/driver-sqlite)"
)

npm pack --pack-destination "$folder" > "$folder/pack" 2>&1 || fail "$(cat "$folder/pack")"
cd "$folder"
tarball=$(echo *.tgz)
echo "$tarball: $(wc -c < "$tarball") bytes"
tar -tzf "$tarball" > files
for file in package.json README.md README.zh-CN.md lib/index.js lib/index.d.ts; do
  grep -qx "package/$file" files || fail "the package lacks $file"
done
! grep -E '^package/(src|tests|data|node_modules)/' files || fail 'the package has what it should not'

mkdir data
echo '{ "name": "app", "private": true }' > package.json
cat > koishi.yml <<'YML'
plugins:
  http: {}
  server:
    port: 5200
    maxPort: 5299
  database-sqlite:
    path: data/koishi.db
  adapter-qq:
    id: '102000001'
    token: token
    type: public
    authType: bot
    endpoint: http://127.0.0.1:9/
    intents: 100663296
  qq-user: {}
YML
npm install --no-audit --no-fund "./$tarball" "${packages[@]}"

setsid node_modules/.bin/koishi start > log 2>&1 &
group=$!
for _ in {1..120}; do
  grep -q 'auto creating table qq_user_event' log && break
  kill -0 "$group" 2>/dev/null || fail 'koishi ended by itself'
  sleep 0.5
done
grep -q 'apply plugin qq-user' log || fail 'the plugin was not applied'
grep -q 'auto creating table qq_user_event' log || fail 'the tables were not created'
# time for what fails a little later
sleep 2
kill -0 "$group" 2>/dev/null || fail 'koishi ended by itself'
# there is nobody at the adapter's address
! grep -v '\] adapter' log | grep -E '\[E\]|\[W\]' || fail 'there are complaints'
cat log
kill -TERM -- "-$group"
wait "$group" || true
group=

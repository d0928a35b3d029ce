#!/bin/sh
# Every shell script under shellcheck and three shells, every Python file through the compiler:
# the repository's own and, as a host gets them, the rendered ones.
# usage: shell.sh DEPLOYER
set -eu
deployer=$1
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
revision=0123456789012345678901234567890123456789

environments() { sed -n '/^environments:/,/^[a-z]/ s/^  \([a-z][a-z0-9_-]*\):.*/\1/p' "$1"; }

for file in examples/*/deploy.yaml; do
    app=${file%/*}
    for environment in $(environments "$file"); do
        for kind in push rollback setup check restart stop scale prune; do
            "$deployer" -c "$file" render "$environment" --for $kind --revision $revision \
                --out "$out/${app##*/}/$environment/$kind" 2> /dev/null
        done
    done
done

# The managers that no example has.
number=0
for service in '{scope: user}' '{manager: supervisor, scope: user}' '{manager: supervisor}' '{manager: upstart}'; do
    number=$((number + 1))
    printf '%s\n' 'app: polls' 'repo: ssh://git@git1/polls.git' 'root: /home/deploy/polls' 'nginx: false' "service: $service" \
        'gunicorn: {app: polls, bind: 8000}' 'workers: {queue: ./work}' 'schedules: {daily: {run: ./daily, cron: "@daily"}}' \
        'environments: {production: {hosts: deploy@web1}}' > "$out/$number.yaml"
    for kind in push rollback setup check restart stop scale; do
        "$deployer" -c "$out/$number.yaml" render production --for $kind --revision $revision \
            --out "$out/manager/$number/$kind" 2> /dev/null
    done
done

# Nor has any a storage, or a build on the client.
printf '%s\n' 'app: polls' 'repo: ssh://git@git1/polls.git' 'gunicorn: {app: polls}' 'nginx: {server_name: polls.example.com}' \
    'static: {source: static, cdn: "https://cdn.example.com", publish: {s3: {bucket: polls}}, build: {run: make, on: client}}' \
    'environments: {production: {hosts: deploy@web1}}' > "$out/static.yaml"
for kind in push prune; do
    "$deployer" -c "$out/static.yaml" render production --for $kind --revision $revision --out "$out/static/$kind" 2> /dev/null
done

# The pieces in templates/script are checked where they are whole: in what is rendered.
git ls-files -z --cached --others --exclude-standard '*.sh' ':!templates/script' .ci/run > "$out/list"
find "$out" \( -name '*.sh' -o -path '*/.deployer/worker-*' -o -path '*/.deployer/schedule-*' -o -path '*/.deployer/server' \) \
    -print0 >> "$out/list"
# Many are the same for several examples and kinds of run.
xargs -0 sha256sum < "$out/list" | sort | awk '!seen[$1]++' > "$out/sums"
cut -c 67- "$out/sums" > "$out/different"

# A function that two pieces define is the later one's, in silence. Files for the host in a script have their own.
while IFS= read -r script; do
    twice=$(sed -nE "/<<'DEPLOYER_END'/,/^DEPLOYER_END/d; s/^([A-Za-z_]+)\(\) .*/\1/p" "$script" | sort | uniq -d)
    [ -z "$twice" ] || { printf '%s defines twice:\n%s\n' "$script" "$twice" >&2 && exit 1; }
done < "$out/different"

# SC1091: the environment file that a script reads lies on the host.
# SC2015: `a && b || c` is written where c may also answer b's failure.
# SC2016: an inner shell expands what stands in single quotes.
options=SC1091,SC2015,SC2016
# A rendered script takes shellcheck five seconds. What has passed as it is, passes again.
passed=${XDG_CACHE_HOME:-$HOME/.cache}/deployer-tools/shellcheck
mkdir -p "$passed"
find "$passed" -type f -mtime +30 -delete
how=$({ shellcheck --version && echo "$options"; } | sha256sum | cut -c 1-16)
while read -r sum script; do
    mark=$passed/$how-$sum
    if [ -e "$mark" ]; then
        touch "$mark"
    else
        printf '%s\n%s\n' "$script" "$mark"
    fi
done < "$out/sums" > "$out/unknown"
# shellcheck disable=SC2016 # That shell expands them.
xargs -r -d '\n' -n 2 -P "$(nproc)" sh -c 'shellcheck -e "$0" "$1" && : > "$2"' "$options" < "$out/unknown"
# Only what runs here may be bash; hosts get what every shell reads.
for shell in sh dash bash; do
    grep -v '^\.ci/run$' "$out/different" | while IFS= read -r script; do
        $shell -n "$script"
    done
done

git ls-files -z --cached --others --exclude-standard '*.py' > "$out/list"
find "$out" -name '*.py' -print0 >> "$out/list"
# Compiled in memory: py_compile would leave its files in the checkout.
xargs -0 python3 -I -S -c 'import sys
for name in sys.argv[1:]:
    with open(name, "rb") as source:
        compile(source.read(), name, "exec")' < "$out/list"

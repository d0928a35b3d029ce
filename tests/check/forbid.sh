#!/bin/sh
# Words that belong into one place only. `git grep` sees what is committed or about to be.
set -u
status=0

# only WHAT PATTERN PLACE...: no line outside the places matches.
only() {
    what=$1 pattern=$2
    shift 2
    for place; do
        shift
        set -- "$@" ":!$place"
    done
    if git grep --untracked -nE "$pattern" -- src "$@"; then
        echo "forbid: $what" >&2
        status=1
    fi
}

only 'git2 belongs into src/git.rs' 'git2::' src/git.rs
only 'only src/run is asynchronous or opens connections' '(openssh|tokio|ureq)::' src/run
only 'YAML belongs into src/config/raw.rs' 'serde_yaml::' src/config/raw.rs
only 'the clock is an input to everything else' '(SystemTime|Instant|Timestamp|Zoned)::now' src/run src/commands
only 'only src/report makes text, and only of events' '\be?print(ln)?!'
only 'unfinished' '\b(todo|dbg|unimplemented)!|\b(FIXME|TODO|XXX)\b'
# git2 would start ssh without the variable that git itself obeys: src/git.rs asks whether it is set.
only 'the environment belongs into src/cli.rs' 'env::vars?(_os)?\b' src/cli.rs
exit $status

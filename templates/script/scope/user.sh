# --- the scope: a manager of the login's own; nothing needs root, and the app runs as the login ---

STORE=$ROOT/.deployer/files

as_app() { "$@"; }

privilege() { how=own; }
may_sudo() { return 1; }

# What root does elsewhere, on files that are the login's own here.
root() { (root_verb "$@"); }

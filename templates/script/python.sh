# --- a Python that the host lacks ---

# python_from VERSION: the package that has it, where the host's distribution has one.
python_from() {
  package=python$1-venv
  # Without its caches, which root would write.
  timeout 10 apt-cache -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= show "$package" >/dev/null 2>&1 || package=
  # shellcheck disable=SC1091 # on the host
  system=$(. /etc/os-release 2>/dev/null && printf '%s' "$ID")
  printf '%s' "${package:+package=$package }system=$(word "$system")"
}

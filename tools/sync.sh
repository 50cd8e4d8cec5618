#!/bin/sh
# Fills .venv with what uv.lock names. Nothing is assumed but Python 3.11 or newer: where uv
# is missing or too old, a pinned one is kept in .uv/, and nothing outside this folder changes
# but uv's cache.
#
# usage: tools/sync.sh [options of `uv sync`]     PYTHON=path chooses the interpreter
set -eu
cd -P "$(dirname "$0")/.."
pinned=0.13.9

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

supported() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

# Print the first interpreter on PATH that really runs: version managers leave shims which do not.
find_python() (
    if [ -n "${PYTHON:-}" ]; then
        supported "$PYTHON" || fail "PYTHON=$PYTHON is not a Python 3.11 or newer."
        command -v "$PYTHON"
        exit
    fi
    IFS=:
    for name in python3 python3.15 python3.14 python3.13 python3.12 python3.11; do
        for folder in $PATH; do
            if supported "$folder/$name"; then
                printf '%s\n' "$folder/$name"
                exit
            fi
        done
    done
    fail "Dexxy needs Python 3.11 or newer and found none. Install one, or name it: make PYTHON=/path/to/python3"
)

# uv 0.11 is the first to know UV_SYSTEM_CERTS.
new_enough() {
    case $("$1" --version 2>/dev/null) in
        "" | "uv 0."[0-9].* | "uv 0.10."*) return 1 ;;
    esac
}

bring_uv() {
    python=$(find_python)
    echo "Bringing uv $pinned into .uv/" >&2
    rm -rf .uv
    # Both ways put the program at .uv/bin/uv. Debian splits ensurepip off into python3-venv.
    if "$python" -m ensurepip --version >/dev/null 2>&1; then
        "$python" -m venv .uv
        .uv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$pinned"
    elif "$python" -m pip --version >/dev/null 2>&1; then
        "$python" -m pip install --quiet --disable-pip-version-check --target .uv "uv==$pinned"
    else
        fail "Dexxy needs uv or pip, and $python has neither. Debian and Ubuntu: apt install python3-venv. Elsewhere: https://docs.astral.sh/uv/"
    fi
}

uv=uv
if ! new_enough "$uv"; then
    uv=.uv/bin/uv
    # Not `||`: it would switch `set -e` off inside the function.
    if ! new_enough "$uv"; then bring_uv; fi
fi

# Scripts in a .venv name its folder: one that was moved, or whose Python is gone, is made anew.
if [ -e .venv/bin/dexxy ] && ! { grep -qF "$PWD/.venv/" .venv/bin/dexxy && supported .venv/bin/python; }; then
    rm -rf .venv
fi

# An existing environment keeps its interpreter unless PYTHON asks for another.
if [ -n "${PYTHON:-}" ] || ! supported .venv/bin/python; then
    python=$(find_python)
    set -- --python "$python" "$@"
fi

unset VIRTUAL_ENV
export UV_PROJECT_ENVIRONMENT=.venv
export UV_PYTHON_DOWNLOADS=never
export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}"
# Links need the cache on the same filesystem, and an edit in .venv would reach every other project.
export UV_LINK_MODE="${UV_LINK_MODE:-copy}"
exec "$uv" sync --frozen "$@"

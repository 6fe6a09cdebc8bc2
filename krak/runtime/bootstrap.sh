#!/bin/sh
# Make .venv hold exactly what a lock lists; does nothing if it does already.
#   bootstrap.sh requirements.txt | requirements-dev.txt    make .venv
#   bootstrap.sh --lock                                     compile both locks
set -eu
cd "$(dirname "$0")/../.."
lock=$1
stamp=.venv/krak-stamp
local_uv=.krak/uv
uv_version="uv==0.13.9"

problem() {
    echo "krak: $*" >&2
    exit 1
}

mark() { echo "$1 $(cksum <"$1")"; }

# A venv that was moved still runs, but its scripts point to where it was.
venv_works() {
    grep -qsF "$(pwd -P)/.venv" .venv/bin/activate &&
        .venv/bin/python -c 'import sys, encodings; sys.exit(sys.version_info < (3, 12))' 2>/dev/null
}

find_uv() {
    for uv in uv "$local_uv/bin/uv" "$local_uv/venv/bin/uv"; do
        "$uv" --version >/dev/null 2>&1 && return
    done
    echo "  Installing uv into $local_uv"
    rm -rf "$local_uv"
    mkdir -p "$local_uv"
    why="there is no python3"
    for python in python3 python3.14 python3.13 python3.12 /usr/bin/python3 python; do
        "$python" -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null || continue
        why=$(PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 PIP_DISABLE_PIP_VERSION_CHECK=1 \
            "$python" -m pip install --quiet --target "$local_uv" "$uv_version" 2>&1) &&
            uv=$local_uv/bin/uv && return
        rm -rf "$local_uv/venv"
        "$python" -m venv "$local_uv/venv" >/dev/null 2>&1 &&
            "$local_uv/venv/bin/python" -m pip install --quiet "$uv_version" >/dev/null 2>&1 &&
            uv=$local_uv/venv/bin/uv && return
    done
    problem "uv is not on PATH and could not be installed: $(echo "$why" | tail -n 1)"
}

if [ "$lock" = --lock ]; then
    find_uv
    set -- --quiet --python-version 3.12 --universal --generate-hashes
    "$uv" pip compile pyproject.toml "$@" -o requirements.txt
    exec "$uv" pip compile pyproject.toml --group dev "$@" -o requirements-dev.txt
fi

[ -f "$lock" ] || problem "There is no $lock here."
if venv_works && grep -qsxF "$(mark "$lock")" "$stamp"; then exit 0; fi

began=$(date +%s)
find_uv
if ! venv_works; then
    rm -rf .venv
    # The wanted version first, else whatever is new enough.
    "$uv" venv --quiet --no-python-downloads --python "$(cat .python-version)" .venv 2>/dev/null ||
        "$uv" venv --quiet --no-python-downloads --python ">=3.12" .venv 2>/dev/null ||
        problem "Krak needs Python 3.12 or newer, and none was found on PATH."
fi
rm -f "$stamp"
"$uv" pip sync --quiet --compile-bytecode --python .venv/bin/python --require-hashes "$lock" ||
    problem "$lock could not be installed; the reason is above."
{
    mark "$lock"
    # The lock for development holds all of the other: `make up` after `make test` changes nothing.
    if [ "$lock" = requirements-dev.txt ]; then mark requirements.txt; fi
} >"$stamp"
printf '  %-44s %5d   s\n' "$lock installed" $(($(date +%s) - began))

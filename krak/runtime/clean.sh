#!/bin/sh
# Remove what this checkout has made: .venv, the caches, all data, also those kept outside it.
set -eu
cd "$(dirname "$0")/../.."
python=$(command -v .venv/bin/python || command -v python3 || echo true)
for lock in .krak/*/lock; do
    [ -e "$lock" ] || continue
    "$python" -c 'import fcntl, sys; fcntl.flock(open(sys.argv[1]), fcntl.LOCK_EX | fcntl.LOCK_NB)' \
        "$lock" 2>/dev/null || {
        echo "krak: Krak is running in $(dirname "$lock"); stop it first." >&2
        exit 1
    }
done
for link in .krak/*/postgres; do
    [ -L "$link" ] || continue
    cluster=$(readlink "$link")
    case $cluster in
    */krak-*/state-*)
        rm -rf "$cluster"
        home=$(dirname "$cluster")
        ls -d "$home"/state-* >/dev/null 2>&1 || rm -rf "$home"
        ;;
    esac
done
rm -rf .krak .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache staticfiles
find . -name __pycache__ -type d -prune -exec rm -rf {} +

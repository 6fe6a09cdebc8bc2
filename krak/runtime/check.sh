#!/bin/sh
# Check style, types, imports and migrations, cheapest first; then run the given command.
set -eu
cd "$(dirname "$0")/../.."
ruff check .
ruff format --check .
mypy .
lint-imports
python manage.py makemigrations --check --dry-run
if [ $# -gt 0 ]; then exec "$@"; fi

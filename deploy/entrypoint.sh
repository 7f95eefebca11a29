#!/bin/sh
# What a container of the image runs: `serve`, or a command of manage.py with its arguments.
set -eu
if [ "${1:-serve}" != serve ]; then
	exec python manage.py "$@"
fi
# what each worker counts, for /metrics to tell of all of them; in memory
export PROMETHEUS_MULTIPROC_DIR="${PROMETHEUS_MULTIPROC_DIR:-/dev/shm/counters}"
exec python -m gunicorn companion.wsgi --config deploy/gunicorn.conf.py --bind 0.0.0.0:8000 \
	--workers "${WORKERS:-2}" --worker-tmp-dir /dev/shm --graceful-timeout 20

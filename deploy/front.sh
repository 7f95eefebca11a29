#!/bin/sh
# deploy/nginx.conf in a container: its name, the site's address, ports that need no root, logs to
# the container's own.
set -eu
sed -e "s/facts\.example\.com/${NAME:?}/g" \
	-e 's/127\.0\.0\.1:8000/site:8000/' \
	-e 's/\(listen \(\[::\]:\)\{0,1\}\)443/\18443/' \
	-e 's/\(listen \(\[::\]:\)\{0,1\}\)80 /\18080 /' \
	-e 's#/var/log/nginx/two-doors\.error\.log#/dev/stderr#' \
	-e 's#/var/log/nginx/two-doors\.log#/dev/stdout#' \
	/nginx.conf >/etc/nginx/conf.d/default.conf
exec nginx -g 'daemon off;'

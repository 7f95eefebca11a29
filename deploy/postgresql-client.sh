#!/bin/sh
# Copy PostgreSQL's client programs with their libraries into a folder: for an image without them.
#
#     deploy/postgresql-client.sh /usr/lib/postgresql/17/bin /opt/postgresql
#
# /opt/postgresql/bin has pg_dump, pg_restore and psql afterwards, and is to be at that path where
# they run, on the same release of Debian: the C library is the one that is there. pg_dump must not
# be older than the server, so deploy/Dockerfile takes all of it out of the server's own image.
set -eu

[ $# -eq 2 ] || {
	sed -n 's/^#     //p' "$0" >&2
	exit 2
}
from=$1 to=$2
mkdir -p "$to/bin" "$to/lib" "$to/libexec"
for name in pg_dump pg_restore psql; do
	cp "$from/$name" "$to/libexec/"
	printf '#!/bin/sh\nLD_LIBRARY_PATH=%s/lib exec %s/libexec/%s "$@"\n' "$to" "$to" "$name" \
		>"$to/bin/$name"
	ldd "$from/$name" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' >"$to/needed"
	while read -r library; do
		case ${library##*/} in
		libc.so.* | libm.so.* | libdl.so.* | libpthread.so.* | librt.so.* | libresolv.so.*) ;;
		*) cp -L "$library" "$to/lib/" ;;
		esac
	done <"$to/needed"
done
rm "$to/needed"
chmod -R a+rX "$to"
chmod 0755 "$to"/bin/*

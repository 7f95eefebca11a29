#!/bin/sh
# The certificate of the front's container: files in FOLDER that its user can read. nginx is not
# root there, and certbot's files are links to where no container looks.
#
#     deploy/tls.sh FOLDER [LINEAGE]
#
# LINEAGE is /etc/letsencrypt/live/NAME; certbot names it to its deploy hooks itself. Without one a
# certificate is made that nobody trusts, unless there is one: with it nginx can start, and show
# certbot's proof. For root.
set -eu

[ $# -ge 1 ] || {
	sed -n 's/^#     //p' "$0" >&2
	exit 2
}
folder=$1 lineage=${2:-${RENEWED_LINEAGE:-}} user=${FRONT_USER:-101:101}
[ -n "$lineage" ] || [ ! -e "$folder/fullchain.pem" ] || exit 0
umask 077
mkdir -p "$folder"
new=$(mktemp -d "$folder/.new.XXXXXX")
trap 'rm -rf "$new"' EXIT
if [ -n "$lineage" ]; then
	cp -L "$lineage/fullchain.pem" "$lineage/privkey.pem" "$new/"
else
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 7 \
		-subj /CN=not-trusted -keyout "$new/privkey.pem" -out "$new/fullchain.pem" 2>/dev/null
fi
chmod 0400 "$new"/*.pem
chown "$user" "$folder" "$new"/*.pem
mv "$new/privkey.pem" "$new/fullchain.pem" "$folder/"

#!/bin/sh
# Exit status 0 where the front shows a trusted certificate of the site that lasts long enough.
#
#     two-doors-certificate URL [DAYS [HOST:PORT]]
#
# DAYS is 21: certbot renews when 30 are left, so for nine days it has failed. HOST:PORT is where the
# front is asked, 127.0.0.1:443. What is asked is nginx and not the file: a renewed one that nobody
# had nginx read again is of no use.
set -eu

[ $# -ge 1 ] || {
	sed -n 's/^#     //p' "$0" >&2
	exit 2
}
name=${1#https://} days=${2:-21} front=${3:-127.0.0.1:443}
name=${name%%[:/]*}
shown=$(timeout 20 openssl s_client -connect "$front" -servername "$name" \
	-verify_hostname "$name" -verify_return_error </dev/null 2>&1) || {
	printf '%s\n' "$shown" | grep -iE 'error|errno' | head -n 3 >&2
	echo "certificate.sh: $front shows no certificate for $name that is trusted" >&2
	exit 1
}
printf '%s\n' "$shown" | openssl x509 -noout -enddate -checkend $((days * 86400)) || {
	echo "certificate.sh: less than $days days are left for $name: see certbot's log" >&2
	exit 1
}

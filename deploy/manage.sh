#!/bin/sh
# manage.py of the current release, with the settings and secrets that the service has.
#
#     two-doors COMMAND [ARGUMENT...]
#     RELEASE=/srv/two-doors/releases/NAME two-doors COMMAND [ARGUMENT...]
#     DATABASE=postgres:///NAME two-doors COMMAND [ARGUMENT...]
#
# For root, where two-doors.service is installed. The command runs as the service's user, in the
# same sandbox, with what drop-ins of the unit add, and dies with this call. RELEASE is another
# release than the current one; DATABASE another database than DATABASE_URL's, and then no cache is
# touched (a restore would empty the site's). PGOPTIONS is passed on; `migrate` gives up after two seconds without its lock where it says nothing else.
set -eu

[ $# -gt 0 ] || {
	sed -n 's/^#     //p' "$0" >&2
	exit 2
}
release=${RELEASE:-/srv/two-doors/current}

# All that the unit and its drop-ins say of [Service]; without it this would be root's, and free.
unit=$(systemctl cat --no-pager two-doors.service)
lines=$(printf '%s\n' "$unit" | sed -e :a -e '/\\$/N; s/\\\n *//; ta' |
	awk '/^\[/ { inside = $0 == "[Service]" } inside && !/^[[#;]/' | tac)
case $lines in
*User=*) ;;
*)
	echo "two-doors: two-doors.service names no user to run as" >&2
	exit 1
	;;
esac

[ "$1" != migrate ] || : "${PGOPTIONS:=-c lock_timeout=2s}"
set -- "$release/.venv/bin/python" "$release/manage.py" "$@"
given=''
if [ -n "${DATABASE:-}" ]; then
	# a file, which the last one wins: an argument or a variable of a unit can be read by everybody
	given=$(umask 077 && mktemp /run/two-doors-database.XXXXXX)
	trap 'rm -f "$given"' EXIT
	trap 'exit 130' INT TERM HUP
	printf 'DATABASE_URL=%s\nCACHE_URL=\n' "$DATABASE" >"$given"
	lines=$(printf '%s\n' "$lines" | sed '/^LoadCredential=CACHE_URL:/d')
	set -- --property=EnvironmentFile="$given" "$@"
fi
[ -z "${PGOPTIONS:-}" ] || set -- --setenv=PGOPTIONS="$PGOPTIONS" "$@"
[ ! -t 0 ] || set -- --pty "$@"
[ -t 0 ] || set -- --pipe "$@"
while IFS= read -r line; do
	case $line in
	# what starts and stops the server
	Type=* | Exec* | WorkingDirectory=* | KillMode=* | Restart* | Timeout* | '') ;;
	RuntimeDirectory*) ;; # it goes with who has it: the server's would go with a command
	*=*) set -- --property="$line" "$@" ;;
	esac
done <<END
$lines
END
set -- --property=WorkingDirectory="$release" "$@"
set -- systemd-run --quiet --wait --collect --service-type=exec "$@"
[ -n "$given" ] || exec "$@"
"$@"

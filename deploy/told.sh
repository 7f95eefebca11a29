#!/bin/sh
# Say how a timer's task ended, where an operator looks.
#
#     two-doors-told TASK well|failed
#
# failed: an error in the journal, a line for whoever logs in, a letter to root where this machine
# sends any. well: the line is gone. Both: a file for Prometheus's node exporter where it is
# installed, with `two_doors_task_failed` and `two_doors_task_last_success_timestamp_seconds`.
set -eu

[ $# -eq 2 ] || {
	sed -n 's/^#     //p' "$0" >&2
	exit 2
}
task=$1 state=$2
case $task:$state in
*[!a-z:]* | :*) exit 2 ;;
*:well) failed=0 ;;
*:failed) failed=1 ;;
*) exit 2 ;;
esac
logins=${LOGINS:-/run/motd.d} metrics=${METRICS:-/var/lib/prometheus/node-exporter}

text="two-doors-$task failed on $(date '+%F %R %Z'). See: journalctl --unit two-doors-$task"
if [ "$failed" = 1 ]; then
	echo "<3>$text" # systemd takes the number for the line's priority: an error
	mkdir -p "$logins"
	echo "$text" >"$logins/two-doors-$task"
	if [ -x "${SENDMAIL:=/usr/sbin/sendmail}" ]; then
		printf 'To: root\nSubject: two-doors-%s failed\n\n%s\n' "$task" "$text" | "$SENDMAIL" -t || true
	fi
else
	rm -f "$logins/two-doors-$task"
fi

[ -d "$metrics" ] || exit 0
file=$metrics/two-doors-$task.prom success=two_doors_task_last_success_timestamp_seconds
last=$([ "$failed" = 0 ] && date +%s || sed -n "s/^$success{.*} //p" "$file" 2>/dev/null || true)
{
	echo "two_doors_task_failed{task=\"$task\"} $failed"
	[ -z "$last" ] || echo "$success{task=\"$task\"} $last"
} >"$file.$$"
chmod 0644 "$file.$$"
mv "$file.$$" "$file" # the exporter never reads half of it

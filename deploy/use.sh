#!/bin/sh
# Point FOLDER/current at a release, in one step that cannot be seen half done.
#
#     deploy/use.sh FOLDER NAME
#     deploy/use.sh FOLDER --back
#
# Prints the release that was current before. FOLDER/before keeps it, and --back means that one,
# whatever else was installed since. What runs goes on as it is until it is started again.
set -eu

[ $# -eq 2 ] || {
	sed -n 's/^#     //p' "$0" >&2
	exit 2
}
point() {
	ln -s "$2" "$folder/.$1.$$"
	mv -T "$folder/.$1.$$" "$folder/$1"
}
folder=$1 name=${2##*/}
if [ "$name" = --back ]; then
	name=$(readlink "$folder/before") || {
		echo "use.sh: there is none before the current one" >&2
		exit 1
	}
	name=${name##*/}
fi
[ -f "$folder/releases/$name/.installed" ] || {
	echo "use.sh: $name is not installed; there are:" >&2
	for each in "$folder"/releases/*/.installed; do
		[ ! -f "$each" ] || basename "${each%/.installed}" >&2
	done
	exit 1
}
before=$(readlink "$folder/current" || true)
if [ -n "$before" ] && [ "$before" != "releases/$name" ]; then
	point before "$before"
fi
point current "releases/$name"
echo "${before##*/}"

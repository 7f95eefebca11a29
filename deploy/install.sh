#!/bin/sh
# Install this checkout as a release: FOLDER/releases/NAME, complete, beside the ones before it.
#
#     deploy/install.sh FOLDER [--name NAME] [--python PROGRAM]
#
# NAME is the version and the commit; without git's history it must be given. PROGRAM is a Python
# of 3.12 or newer; without it uv finds one, or fetches one into FOLDER/python.
#
# It needs no root, starts nothing, and touches no release that is there: what runs goes on until
# deploy/use.sh points FOLDER/current at the new one. A second call with the same name does
# nothing; one that was interrupted is begun anew. The last line is the release's folder.
set -eu

die() {
	echo "install.sh: $*" >&2
	exit 1
}

usage() {
	sed -n 's/^#     //p' "$0" >&2
	exit 2
}

folder='' name='' python=''
while [ $# -gt 0 ]; do
	case $1 in
	--name) name=${2:?"--name wants a value"} && shift 2 ;;
	--python) python=${2:?"--python wants a value"} && shift 2 ;;
	-*) usage ;;
	*)
		[ -z "$folder" ] || usage
		folder=$1
		shift
		;;
	esac
done
[ -n "$folder" ] || usage

source=$(cd "$(dirname "$0")/.." && pwd -P)
umask 022 # the account that runs the site is another one, and must read it
mkdir -p "$folder/releases"
folder=$(cd "$folder" && pwd -P)

# --- its name ------------------------------------------------------------------------------------

# A checkout of another account's is refused by git unless it is told that this one is meant.
git_here() { git -c "safe.directory=$source" -C "$source" "$@" 2>/dev/null; }

if commit=$(git_here rev-parse --short=12 HEAD); then
	version=$(sed -n 's/^## \([^ ]*\).*/\1/p' "$source/CHANGELOG.md" | head -n 1)
	[ -n "$name" ] || name="$version-$commit"
	[ -z "$(git_here status --porcelain --untracked-files=no)" ] ||
		echo "install.sh: changes that are not committed are left out" >&2
else
	commit=''
	[ -n "$name" ] || die "$source is no git checkout: say --name, like 1.2.0"
fi
case $name in
'' | .* | *[!A-Za-z0-9._-]*) die "a name is of letters, digits, dots and dashes: $name" ;;
esac

release=$folder/releases/$name
if [ -f "$release/.installed" ]; then
	echo "install.sh: $name is installed already" >&2
	echo "$release"
	exit 0
fi

# --- its files: what a server runs, and no tests -------------------------------------------------

rm -rf "$release"
mkdir "$release"
if [ -n "$commit" ]; then
	git_here -c tar.umask=0022 archive --format=tar "$commit" -- \
		. ':!tests' ':!benchmarks' ':!faults' ':!.ci' | tar -x -C "$release"
else
	# no hidden files: state, environments and secrets of a development machine begin with a dot
	for each in "$source"/*; do
		case ${each##*/} in
		tests | benchmarks | faults | staticfiles | releases) ;;
		*) cp -R "$each" "$release/" ;;
		esac
	done
fi
[ -f "$release/manage.py" ] || die "$source holds no manage.py"
# which Python it is made for
[ ! -e "$source/.python-version" ] || cp "$source/.python-version" "$release/"
cd "$release"

# --- its packages, each with the hash that is written down ---------------------------------------

# of this folder: nothing is looked for in, or left in, somebody's home
export UV_CACHE_DIR="$folder/cache" UV_PYTHON_INSTALL_DIR="$folder/python" UV_NO_CONFIG=1
export UV_LINK_MODE=copy
if ! uv=$(command -v uv); then
	uv=$folder/tools/$(sed -n 's/^uv==\([0-9.]*\).*/uv-\1/p' deploy/uv.txt)/bin/uv
	if [ ! -x "$uv" ]; then
		starter=${python:-python3}
		"$starter" -c 'import ensurepip, venv' 2>/dev/null ||
			die "Python 3 with its venv module is needed to fetch uv: apt-get install python3-venv"
		"$starter" -m venv --clear "${uv%/bin/uv}"
		"${uv%/bin/uv}/bin/python" -m pip install --quiet --disable-pip-version-check \
			--require-hashes --only-binary :all: -r deploy/uv.txt
	fi
fi

if [ -n "$python" ]; then
	"$uv" venv --quiet --python "$python" .venv
else
	"$uv" venv --quiet .venv || "$uv" venv --quiet --python '>=3.12' .venv ||
		die "no Python of 3.12 or newer can be found or fetched: install one and say --python"
fi
"$uv" pip install --quiet --require-hashes --compile-bytecode --python .venv/bin/python \
	-r requirements/base.txt

# --- what is made of the files -------------------------------------------------------------------

# No settings of the installation are needed: nothing here opens a database or signs anything.
run() {
	env -u DATABASE_URL_FILE -u CACHE_URL_FILE -u SECRET_KEY_FILE -u STATIC_ROOT \
		DOORS_NO_DOTENV=1 DEBUG=0 DEV_TOOLS=0 DATABASE_URL=sqlite://:memory: CACHE_URL= \
		.venv/bin/python "$@"
}
run -m companion.local.translations
run manage.py collectstatic --no-input --verbosity 0
# those who run it cannot write here, and would compile it at each start
run -m compileall -q -j 2 accounts companion skill_endpoint deploy

touch .installed
echo "install.sh: installed $name" >&2
echo "$release"

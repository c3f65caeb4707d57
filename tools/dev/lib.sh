# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Ground shared by the scripts of tools/dev; sourced, never run.
#
# top    the root of this repository
# cache  everything that may be deleted and is made again: point releases,
#        the kernel git tree, build directories, ccache

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
cache=${IMANS_CACHE:-$HOME/.cache/imans}
# shellcheck disable=SC2034	# for the scripts that source this file
patches=$top/patches/v6.12
me=${0##*/}

export LC_ALL=C TZ=UTC
# mkfs.ext4 is there, and not on the path of every user.
export PATH=$PATH:/usr/sbin:/sbin

say()
{
	printf '%s: %s\n' "$me" "$*" >&2
}

die()
{
	say "$*"
	exit 1
}

usage_error()
{
	say "$*"
	say "try '$me --help'"
	exit 2
}

# need PROGRAM...: names all that are missing at once.
need()
{
	local p missing=

	for p; do
		command -v "$p" >/dev/null || missing+=" $p"
	done
	[ -z "$missing" ] || die "missing programs:$missing (see 'make deps')"
}

# The user's git configuration must not show in commits or patches.
git_plain()
{
	GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 git "$@"
}

# base_value KEY: a value of patches/v6.12/BASE.
base_value()
{
	awk -v k="$1" '$1 == k { $1 = ""; sub(/^ /, ""); print; exit }' \
		"$patches/BASE"
}

locks=
declare -A lock_fd
# with_lock NAME: hold a lock of the cache until this shell exits, so that two
# commands never make the same tree at the same time.
with_lock()
{
	local fd

	case " $locks " in
	*" $1 "*) return 0 ;;
	esac
	locks+=" $1"
	mkdir -p "$cache/locks"
	exec {fd}>"$cache/locks/$1"
	lock_fd[$1]=$fd
	if ! flock -n "$fd"; then
		say "waiting for another $1 job"
		flock "$fd"
	fi
}

# without_lock NAME: give it up before that.
without_lock()
{
	local fd=${lock_fd[$1]}

	exec {fd}>&-
	locks=${locks/ $1/}
	unset "lock_fd[$1]"
}

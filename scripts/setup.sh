#!/bin/sh
# Installs what longhaul is built from (Debian, Ubuntu and their relatives) and makes the presets of
# .cmake/presets.json known to cmake. Says what it does before it does it; does nothing twice.
#
#   sh scripts/setup.sh            what the build needs
#   sh scripts/setup.sh --dev      and what the tests need; Slurm, for one of them, where it can be had
#   sh scripts/setup.sh --check    only reports: exit code 0 when nothing is missing, else 1
set -eu

cmake_least=3.25
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
dev=no
check=no

say() { printf '%s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

usage() {
	sed -n '2,7s/^# \{0,1\}//p' "$0"
}

while [ $# -gt 0 ]; do
	case $1 in
	--dev) dev=yes ;;
	--check) check=yes ;;
	-h | --help) usage; exit 0 ;;
	*) die "unknown option '$1'; there are --dev, --check and --help" ;;
	esac
	shift
done

# ---- what is there ----

have() { command -v "$1" >/dev/null 2>&1; }

# pkg-config may itself be missing: then its files are looked for where it would look.
have_library() {
	if have pkg-config; then
		pkg-config --exists "$1" 2>/dev/null
		return
	fi
	for file in /usr/lib/*/pkgconfig/"$1".pc /usr/lib/pkgconfig/"$1".pc /usr/share/pkgconfig/"$1".pc /usr/local/lib/pkgconfig/"$1".pc; do
		[ ! -e "$file" ] || return 0
	done
	return 1
}

# A version's first two numbers against cmake_least.
new_enough() {
	case $1 in [0-9]*.[0-9]*) ;; *) return 1 ;; esac
	have_major=${1%%.*}
	have_minor=${1#*.}
	have_minor=${have_minor%%[!0-9]*}
	[ "$have_major" -gt "${cmake_least%%.*}" ] ||
		{ [ "$have_major" -eq "${cmake_least%%.*}" ] && [ "${have_minor:-0}" -ge "${cmake_least#*.}" ]; }
}

cmake_version() { cmake --version 2>/dev/null | sed -n '1s/^cmake version //p'; }

# A compiler without the C library's headers compiles nothing.
have_compiler() {
	have "${CC:-cc}" && printf '#include <stdio.h>\nint main(void) { return 0; }\n' | "${CC:-cc}" -x c -fsyntax-only - 2>/dev/null
}

# The packages that are missing, one a line. What counts is what works, not which package gave it: a
# cmake from elsewhere, or any libcurl with a libcurl.pc, will do.
missing_packages() {
	have_compiler || { say gcc; say libc6-dev; }
	new_enough "$(cmake_version)" || say cmake
	have ninja || say ninja-build
	have pkg-config || say pkg-config
	have_library libcurl || say libcurl4-openssl-dev
	have_library lua5.4 || say liblua5.4-dev
	have_library libcjson || say libcjson-dev
	have_library sqlite3 || say libsqlite3-dev
	have_library yajl || say libyajl-dev
	have_library libarchive || say libarchive-dev
	[ -s /etc/ssl/certs/ca-certificates.crt ] || [ -n "${SSL_CERT_FILE:-}" ] || say ca-certificates
	if [ $dev = yes ]; then
		{ have python3 && python3 -c '' 2>/dev/null; } || say python3
		have valgrind || say valgrind
		have xmllint || say libxml2-utils
	fi
}

# Of Slurm, likewise. Programs of /usr/sbin are not on everybody's PATH.
missing_slurm() {
	for pair in slurmctld:slurmctld slurmd:slurmd sbatch:slurm-client munged:munge; do
		have "${pair%:*}" || [ -x "/usr/sbin/${pair%:*}" ] || say "${pair#*:}"
	done
}

old_cmake() {
	cat >&2 <<END
setup: cmake is too old: $1 here, and longhaul needs $cmake_least or newer.
Ubuntu 22.04 and Debian 11 have no newer one. Either of these will do:
  - install it with pip, and run this script again:
        sudo apt-get install -y python3-venv
        python3 -m venv "\$HOME/.cmake" && "\$HOME/.cmake/bin/pip" install 'cmake>=$cmake_least'
        export PATH="\$HOME/.cmake/bin:\$PATH"
  - or a newer system: Debian 12, Ubuntu 24.04
END
	exit 1
}

# ---- apt ----

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		env DEBIAN_FRONTEND=noninteractive "$@"
	else
		sudo env DEBIAN_FRONTEND=noninteractive "$@"
	fi
}

# The version apt would install; empty where its lists do not know the package.
candidate() {
	apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: *//p' | grep -v '^(none)$' || true
}

lists_know() {
	for package in "$@"; do
		[ -n "$(candidate "$package")" ] || return 1
	done
}

update() {
	say "setup: apt-get update"
	as_root apt-get update -q >/dev/null || die "apt-get update failed: see above; is there a network?"
}

apt_install() {
	as_root apt-get install -q -y --no-install-recommends "$@" >/dev/null
}

install_packages() {
	if [ "$(id -u)" -ne 0 ] && ! have sudo; then
		die "not root, and there is no sudo. As root: apt-get install $*"
	fi
	updated=no
	if ! lists_know "$@"; then
		update
		updated=yes
	fi
	case " $* " in *" cmake "*)
		offered=$(candidate cmake)
		new_enough "${offered#*:}" || old_cmake "apt offers ${offered:-none}"
	esac
	say "setup: apt-get install $*"
	apt_install "$@" && return
	[ $updated = no ] || die "apt-get install failed: see above"
	update                                   # lists that are out of date name files that are gone
	apt_install "$@" || die "apt-get install failed: see above"
}

# Without being asked for a password, that is: for what one can do without.
may_install() {
	have apt-get && { [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null; }
}

# Installs packages but neither starts their services nor lets them start with the machine.
# shellcheck disable=SC2016  # root's shell expands it
without_services='
	policy=/usr/sbin/policy-rc.d
	if [ ! -e $policy ]; then
		trap "rm -f $policy" EXIT
		trap "exit 1" HUP INT TERM
		printf "#!/bin/sh\nexit 101\n" >$policy && chmod 755 $policy || exit 1
	fi
	apt-get install -q -y --no-install-recommends "$@" >/dev/null || exit 1
	command -v systemctl >/dev/null || exit 0
	for package in "$@"; do
		[ ! -e "/lib/systemd/system/$package.service" ] || systemctl --quiet disable "$package" 2>/dev/null || true
	done'

# For the test of examples/cluster/slurm.sh, which is skipped without Slurm: nothing that fails here ends
# the setup. The test starts daemons of its own.
install_slurm() {
	if ! may_install; then
		say "setup: without Slurm its test is skipped. To have it run, as root: apt-get install --no-install-recommends $*"
		return
	fi
	lists_know "$@" || (update) || true
	if ! lists_know "$@"; then
		say "setup: apt does not offer all of $*: the test of Slurm is skipped"
		return
	fi
	say "setup: apt-get install $* (for one test; the services are not started)"
	as_root sh -c "$without_services" sh "$@" || { (update) && as_root sh -c "$without_services" sh "$@"; } ||
		say "setup: that failed: the test of Slurm is skipped"
}

# ---- the presets ----

# cmake looks for presets at the top of the tree and nowhere else. What lies at the top is fixed, and
# presets are not part of it: so they are in .cmake/, and this file, which git ignores, includes them.
write_presets() {
	file=$root/CMakeUserPresets.json
	if [ -e "$file" ]; then
		grep -q '\.cmake/presets\.json' "$file" ||
			say "setup: $file is yours and stays as it is; add \"include\": [\".cmake/presets.json\"] for the presets dev, asan and release"
		return 0
	fi
	printf '{\n  "version": 6,\n  "include": [".cmake/presets.json"]\n}\n' >"$file.$$"
	mv "$file.$$" "$file"
	say "setup: wrote CMakeUserPresets.json: cmake --preset dev, asan or release works now"
}

# ---- what is asked for ----

missing=$(missing_packages | tr '\n' ' ')
missing=${missing% }

if [ $check = yes ]; then
	[ $dev = no ] || [ -z "$(missing_slurm)" ] || say "setup: Slurm is not installed: its test is skipped"
	[ -n "$missing" ] || { say "setup: nothing is missing"; exit 0; }
	say "setup: missing: $missing"
	exit 1
fi

if [ -n "$missing" ]; then
	say "setup: missing: $missing"
	if ! have apt-get; then
		found=$(cmake_version)
		say "setup: there is no apt-get here. Install what these Debian packages hold, under the names your system has for them:"
		# shellcheck disable=SC2086  # a list of words
		printf '  %s\n' $missing
		[ -z "$found" ] || new_enough "$found" || say "(cmake is $found here; $cmake_least or newer is needed)"
		exit 1
	fi
	# shellcheck disable=SC2086  # a list of words
	install_packages $missing
	missing=$(missing_packages | tr '\n' ' ')
	case " $missing" in *" cmake "*) old_cmake "$(command -v cmake || say none) is $(cmake_version)" ;; esac
	[ -z "$missing" ] || die "still missing after the installation: ${missing% }"
fi
if [ $dev = yes ]; then
	slurm=$(missing_slurm | tr '\n' ' ')
	# shellcheck disable=SC2086  # a list of words
	[ -z "$slurm" ] || install_slurm $slurm
fi
write_presets
say "setup: everything that is needed is there"

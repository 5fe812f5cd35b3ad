#!/bin/sh
# Fetches the engines that oslo is measured against, into one folder outside the checkout: OSLO_PEERS_HOME, by default
# $HOME/.cache/oslo-registry/peers. Installs nothing into the system and needs no special rights. May be run again: what is
# there is kept. What cannot be had is said and left out; run.py then reports that engine as not measured.
#
# Needs: python3 with venv (Oxigraph); apt-get and dpkg-deb with the Debian or Ubuntu package lists (Virtuoso, Jena, and
# a Java compiler where there is none); a C compiler (load.c).
set -u

OXIGRAPH=0.5.13
HOME_OF_PEERS="${OSLO_PEERS_HOME:-$HOME/.cache/oslo-registry/peers}"
ROOT="$HOME_OF_PEERS/root"
HERE="$(cd "$(dirname "$0")" && pwd)"
mkdir -p "$HOME_OF_PEERS" "$ROOT" || exit 2

say() { echo "peers: $*" >&2; }

# package NAME FILE...: unless one of the files is there already (in the system or below ROOT), unpacks the package and
# those it needs that the system lacks below ROOT.
package() {
    name=$1
    shift
    for file in "$@"; do
        if [ -e "/$file" ] || [ -e "$ROOT/$file" ]; then
            return 0
        fi
    done
    if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-deb >/dev/null 2>&1; then
        say "$name is not there, and without apt-get and dpkg-deb it cannot be fetched"
        return 1
    fi
    # A simulation needs no rights and knows the packages that are missing.
    wanted=$(apt-get install --simulate --no-install-recommends "$name" 2>/dev/null | awk '/^Inst/ { print $2 }')
    if [ -z "$wanted" ]; then
        say "$name is not in the package lists (refresh them with: apt-get update)"
        return 1
    fi
    debs=$(mktemp -d "$HOME_OF_PEERS/debs.XXXXXX") || return 1
    # shellcheck disable=SC2086 # the names are to be split
    if (cd "$debs" && apt-get download -qq $wanted >/dev/null 2>&1); then
        for deb in "$debs"/*.deb; do
            dpkg-deb --extract "$deb" "$ROOT" || say "$deb could not be unpacked"
        done
        say "$name: unpacked $(echo "$wanted" | wc -w) packages"
    else
        say "$name could not be downloaded (refresh the package lists with: apt-get update)"
    fi
    rm -rf "$debs"
}

oxigraph() {
    if "$HOME_OF_PEERS/venv/bin/oxigraph" --version 2>/dev/null | grep -q " $OXIGRAPH\$"; then
        return 0
    fi
    if python3 -m venv "$HOME_OF_PEERS/venv" >/dev/null 2>&1 &&
        "$HOME_OF_PEERS/venv/bin/pip" install --quiet --disable-pip-version-check "oxigraph==$OXIGRAPH"; then
        say "oxigraph: installed $OXIGRAPH"
    else
        say "oxigraph $OXIGRAPH could not be installed with python3 -m venv and pip"
    fi
}

# Debian moved the classes of the XML schema types inside jena-core, but left their messages behind under the old name, and
# without messages they do not start: put a copy where they look.
jena_messages() {
    python3 - "$1" "$2" <<'END'
import pathlib, sys, zipfile
jar, classes = zipfile.ZipFile(sys.argv[1]), pathlib.Path(sys.argv[2])
left = "org/apache/jena/ext/"
for name in jar.namelist():
    if name.startswith(left + "xerces/") and name.endswith(".properties"):
        target = classes / name.removeprefix(left)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(jar.read(name))
END
}

# A Java compiler unpacked elsewhere than meant looks for its settings in /etc: point it to those beside it.
java_settings() {
    find "$ROOT/usr/lib/jvm" -type l 2>/dev/null | while read -r link; do
        to=$(readlink "$link")
        case $to in
        /etc/*) if [ ! -e "$to" ] && [ -e "$ROOT$to" ]; then ln -sfn "$ROOT$to" "$link"; fi ;;
        esac
    done
}

jena() {
    package libapache-jena-java usr/share/java/jena-tdb2.jar || return
    javac=$(command -v javac 2>/dev/null)
    if [ -z "$javac" ]; then
        if ! ls "$ROOT"/usr/lib/jvm/*/bin/javac >/dev/null 2>&1; then
            package default-jdk-headless usr/lib/jvm/default-java/bin/javac || return
        fi
        java_settings
        javac=$(find "$ROOT/usr/lib/jvm" /usr/lib/jvm -name javac -path '*/bin/*' 2>/dev/null | head -n 1)
    fi
    if [ -z "$javac" ]; then
        say "jena: there is no Java compiler"
        return
    fi
    # java of the same folder belongs to the compiler; run.py reads where it is.
    dirname "$(readlink -f "$javac")" >"$HOME_OF_PEERS/java-bin"
    classes="$HOME_OF_PEERS/jena"
    if [ -e "$classes/JenaServer.class" ] && [ ! "$HERE/JenaServer.java" -nt "$classes/JenaServer.class" ]; then
        return
    fi
    mkdir -p "$classes"
    core=$(ls "$ROOT/usr/share/java/jena-core.jar" /usr/share/java/jena-core.jar 2>/dev/null | head -n 1)
    if jena_messages "$core" "$classes" &&
        "$javac" -nowarn -d "$classes" -cp "$ROOT/usr/share/java/*:/usr/share/java/*" "$HERE/JenaServer.java"; then
        say "jena: compiled its server"
    else
        say "jena: its server could not be compiled"
        rm -f "$classes/JenaServer.class"
    fi
}

# The program that sends many requests at once.
load() {
    if [ -x "$HOME_OF_PEERS/load" ] && [ ! "$HERE/load.c" -nt "$HOME_OF_PEERS/load" ]; then
        return
    fi
    cc=$(command -v cc 2>/dev/null || command -v gcc 2>/dev/null)
    if [ -n "$cc" ] && "$cc" -O2 -Wall -o "$HOME_OF_PEERS/load" "$HERE/load.c"; then
        say "load: compiled"
    else
        say "load: could not be compiled; is there a C compiler?"
    fi
}

load
oxigraph
package virtuoso-opensource-7 usr/bin/virtuoso-t
jena
command -v strace >/dev/null 2>&1 || say "without strace, which engines fsync is taken from their documentation"
exit 0

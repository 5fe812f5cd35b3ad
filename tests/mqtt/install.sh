#!/bin/sh
# Finds Mosquitto, the broker that the tests of MQTT speak with, or unpacks the one of Debian into a cache folder outside the
# checkout, without rights of an administrator. Prints the command that starts it; exits with 3 when there is none to be had.
set -eu
if command -v mosquitto >/dev/null 2>&1 || [ -x /usr/sbin/mosquitto ]; then
    command -v mosquitto || echo /usr/sbin/mosquitto
    exit 0
fi
folder="${OSLO_MQTT:-${XDG_CACHE_HOME:-$HOME/.cache}/oslo-registry/mqtt}"
if [ ! -x "$folder/mosquitto" ]; then
    if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-deb >/dev/null 2>&1; then
        echo "mosquitto is not installed: nothing is tried with a broker" >&2
        exit 3
    fi
    mkdir -p "$folder/packages"
    (cd "$folder/packages" && apt-get download --quiet \
        mosquitto libmosquitto1 libcjson1 libdlt2 libwrap0 libwebsockets17 libev4 libuv1) >&2 || {
        echo "the packages of mosquitto cannot be had: nothing is tried with a broker" >&2
        exit 3
    }
    for package in "$folder"/packages/*.deb; do
        dpkg-deb -x "$package" "$folder"
    done
    libraries="$(dirname "$(find "$folder/usr/lib" -name 'libmosquitto.so.1' | head -n 1)")"
    # TCP wrappers lie apart from the others.
    wrappers="$(dirname "$(find "$folder" -name 'libwrap.so.0' | head -n 1)")"
    cat >"$folder/mosquitto.new" <<EOF
#!/bin/sh
LD_LIBRARY_PATH="$libraries:$wrappers\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}" exec "$folder/usr/sbin/mosquitto" "\$@"
EOF
    chmod +x "$folder/mosquitto.new"
    mv "$folder/mosquitto.new" "$folder/mosquitto"
fi
"$folder/mosquitto" -h >/dev/null 2>&1 || [ $? -ne 127 ] || {
    echo "mosquitto does not start: nothing is tried with a broker" >&2
    exit 3
}
echo "$folder/mosquitto"

# SPDX-License-Identifier: Apache-2.0
# Which Debian packages each door needs, and a function that installs those that are missing.
# Sourced by run, test and bench.

packages_build="meson ninja-build gcc libc6-dev pkg-config python3
    libuv1-dev libssl-dev libnghttp2-dev libsqlite3-dev libsodium-dev libjansson-dev libyaml-dev libexpat1-dev tzdata
    libcurl4-openssl-dev ca-certificates"
packages_test="$packages_build g++ libcmocka-dev curl mandoc binutils openssl nginx-light caddy haproxy
    libasan8 libubsan1 libtsan2 wrk nghttp2-client"
packages_fuzz="$packages_test clang libclang-rt-14-dev"
packages_bench="$packages_build openssl nginx-light wrk nghttp2-client curl procps"

# Installs what is missing of the packages named, and says so. Needs root, or sudo.
need_packages() {
    local missing=() package sudo=()
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if ! command -v apt-get >/dev/null; then
        echo "These are needed, and there is no apt-get here to install them: ${missing[*]}" >&2
        return 1
    fi
    if [ "$(id -u)" != 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "These packages are missing: ${missing[*]}" >&2
            echo "Install them as root:  apt-get install ${missing[*]}" >&2
            return 1
        fi
        sudo=(sudo)
    fi
    echo "Installing ${#missing[@]} Debian packages: ${missing[*]}" >&2
    local log
    log=$(mktemp)
    if ! { "${sudo[@]}" apt-get update -qq &&
        "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -qq -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        echo "Installing failed. Try it by hand:  apt-get install ${missing[*]}" >&2
        return 1
    fi
    rm -f "$log"
}

# build_tree DIR OPTION...: sets up a Meson build directory once, and brings it up to date.
# Quiet where all is well; the compiler's words where not.
build_tree() {
    local dir=$1 log
    shift
    log=$(mktemp)
    if [ ! -f "$dir/build.ninja" ] && ! meson setup "$dir" "$@" >"$log" 2>&1; then
        tail -n 30 "$log" >&2
        rm -f "$log"
        return 1
    fi
    if ! ninja -C "$dir" >"$log" 2>&1; then
        grep -vE '^(ninja: Entering|\[[0-9]+/[0-9]+\])' "$log" | tail -n 60 >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}

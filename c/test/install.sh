#!/bin/sh
# Copyright 2026 The jcaps authors.
# SPDX-License-Identifier: Apache-2.0
#
# Installs libcaps below a scratch directory, and builds and runs a program outside of these sources with what pkg-config
# says of it, in C and, where there is a compiler, in C++; linked to the shared library, and to the static one.
#
#   install.sh DIRECTORY-OF-THE-MAKEFILE
set -eu

sources=$1
scratch=$(mktemp -d)
region=$(mktemp -d /dev/shm/libcaps-XXXXXX)
trap 'rm -rf "$scratch" "$region"' EXIT

fail()
{
    echo "install: $*" >&2
    exit 1
}

make -s -C "$sources" install PREFIX=/opt/caps "DESTDIR=$scratch/root"
root=$scratch/root/opt/caps
for file in lib/libcaps.so lib/libcaps.so.0 lib/libcaps.a lib/pkgconfig/libcaps.pc include/libcaps/libcaps.h \
    include/libcaps/sys/caps.h
do
    [ -e "$root/$file" ] || fail "no $file"
done
[ "$(find "$scratch/root" -type f -o -type l | wc -l)" = 6 ] || fail "more is installed than is known"

# Nothing but the public names can be linked to, of either library.
for library in "nm -D --defined-only $root/lib/libcaps.so" "nm -g --defined-only $root/lib/libcaps.a"
do
    names=$($library | awk 'NF == 3 && $2 != "A" {print $3}' | sed 's/@.*//' |
        grep -v -e '^caps_sys_' -e '^caps_watch$' -e '^caps_watch_fd$' -e '^caps_error$' || true)
    [ -z "$names" ] || fail "public, and should not be: $names"
done
readelf -d "$root/lib/libcaps.so.0" | grep -q 'SONAME.*libcaps\.so\.0' || fail "no soname"
readelf -d "$root/lib/libcaps.so.0" | grep -q NODELETE || fail "the library can be unloaded under its thread"
readelf -V "$root/lib/libcaps.so.0" | grep -q CAPS_1 || fail "no symbol version"

# Each function of the headers is exported.
declared=$(cat "$root/include/libcaps/libcaps.h" "$root/include/libcaps/sys/caps.h" |
    grep -o '^[a-z].* \**caps_[a-z_]*(' | grep -o 'caps_[a-z_]*(' | tr -d '(' | sort)
exported=$(nm -D --defined-only "$root/lib/libcaps.so" | awk '$2 == "T" {print $3}' | sed 's/@.*//' | sort)
[ "$declared" = "$exported" ] || fail "declared: $declared; exported: $exported"

cat > "$scratch/program.c" <<'END'
#include <sys/caps.h>
#include <libcaps.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    char bytes[8];
    struct caps_msgid msgid;
    struct caps_attr attr = CAPS_ATTR_INIT;
    const int svc = caps_sys_service_attr("installed", geteuid(), (gid_t)-1, CAPF_ANYCLIENT, &attr);
    const int port = caps_sys_client("installed", geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT);
    if (svc < 0 || port < 0 || caps_sys_put(port, "x", 1) < 0 || caps_sys_wait(svc, bytes, 8, &msgid, NULL) != 1)
    {
        printf("%s\n", caps_error());
        return 1;
    }
    return caps_sys_close(port) + caps_sys_close(svc);
}
END
cp "$scratch/program.c" "$scratch/program.cc"
export PKG_CONFIG_PATH="$root/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$scratch/root" CAPS_REGION="$region/region"
if ! command -v pkg-config >/dev/null
then
    echo "install: no pkg-config here, its file is not tried"
    exit 0
fi
[ "$(pkg-config --modversion libcaps)" = "$(sed -n 's/^VERSION = //p' "$sources/Makefile")" ] || fail "version"
flags=$(pkg-config --cflags --libs libcaps)
static=$(pkg-config --cflags libcaps)
${CC:-cc} -Wall -Wextra -Werror "$scratch/program.c" $flags -o "$scratch/shared"
LD_LIBRARY_PATH="$root/lib" "$scratch/shared"
${CC:-cc} -Wall -Wextra -Werror "$scratch/program.c" $static "$root/lib/libcaps.a" -lpthread -o "$scratch/static"
"$scratch/static"
if command -v c++ >/dev/null
then
    for standard in c++11 c++17 c++20
    do
        c++ -std=$standard -Wall -Wextra -Werror -pedantic "$scratch/program.cc" $flags -o "$scratch/plus"
        LD_LIBRARY_PATH="$root/lib" "$scratch/plus"
    done
fi
echo "install: ok"

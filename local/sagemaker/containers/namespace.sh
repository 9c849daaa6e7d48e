#!/bin/sh
# Runs a program that sees a folder as /opt/ml, inside a user and mount namespace of its own (unshare, no root needed).
# Usage: namespace.sh FOLDER SCRATCH HOW CWD COMMAND...   SCRATCH holds an empty folder `ml` and nothing else.
set -e
folder=$1 scratch=$2 how=$3 cwd=$4
shift 4

# A private /opt takes the place of the real one, with everything that one holds.
furnish() {
    mount --rbind /opt "$scratch"
    mount -t tmpfs -o mode=755 tmpfs /opt
    for entry in "$scratch"/* "$scratch"/.[!.]*; do
        name=${entry##*/}
        if [ -L "$entry" ]; then
            cp -P "$entry" "/opt/$name"
        elif [ -d "$entry" ]; then
            mkdir "/opt/$name"
            mount --rbind "$entry" "/opt/$name"
        elif [ -e "$entry" ]; then
            : >"/opt/$name"
            mount --bind "$entry" "/opt/$name"
        fi
    done
    mkdir /opt/ml
}

if [ ! -d /opt/ml ]; then
    # /opt/ml cannot be made in the real /opt. A layer over it, which is read-only then, is one mount instead of two for
    # each entry, on kernels that let everybody have it (5.11 and later).
    { [ "$how" = layered ] && mount -t overlay -o "lowerdir=$scratch:/opt" overlay /opt 2>/dev/null; } || furnish
fi
mount --rbind "$folder" /opt/ml
cd "$cwd"
exec "$@"

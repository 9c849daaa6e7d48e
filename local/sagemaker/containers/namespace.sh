#!/bin/sh
# Runs a program that sees a folder as /opt/ml, inside a user and mount namespace of its own (unshare, no root needed).
# Usage: namespace.sh FOLDER SCRATCH CWD COMMAND...   SCRATCH is an empty folder for what /opt held before.
set -e
folder=$1 scratch=$2 cwd=$3
shift 3
if [ ! -d /opt/ml ]; then
    # /opt/ml cannot be made in the real /opt: a private /opt takes its place, with everything the real one holds.
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
fi
mount --rbind "$folder" /opt/ml
cd "$cwd"
exec "$@"

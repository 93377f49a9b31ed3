#!/bin/sh
# Writes the root file system of a stand-in for the official image of Node, out of Debian's packages and npm's, as a tar file.
#
#   base.sh FILE.tar NODE
#
# NODE is a binary of Node. Needs root and debootstrap. The authorities and the npm registry of this machine are taken over.
set -eu
out=$1 node=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
debootstrap --variant=minbase --include=ca-certificates bookworm "$root" >"$work/log" 2>&1 || { tail -20 "$work/log" >&2; exit 1; }
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
[ ! -f /etc/apt/sources.list ] || cp /etc/apt/sources.list "$root/etc/apt/"
[ ! -d /etc/apt/sources.list.d ] || cp -r /etc/apt/sources.list.d "$root/etc/apt/"
install -m 755 "$node" "$root/usr/local/bin/node"
npm install --global --prefix "$root/usr/local" npm@11 >&2
mkdir -p "$root/usr/local/etc"
printf 'registry=%s\n' "$(npm config get registry)" >"$root/usr/local/etc/npmrc"
[ ! -f /etc/ssl/certs/ca-certificates.crt ] || cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
chroot "$root" useradd --create-home --uid 1000 --user-group node
tar -C "$root" -c . -f "$out"

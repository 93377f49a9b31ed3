#!/bin/bash
# --bootstrap-server HOST:PORT: whether it listens, which it does once it has its data.
address=$2
exec 3<>"/dev/tcp/${address%:*}/${address##*:}"

#!/bin/sh
# Makes the secrets that compose.yaml names, each once: what is there already stays as it is.
set -eu
cd -P "$(dirname "$0")"
mkdir -p secrets
chmod 0700 secrets

# Letters and digits alone, so that it needs no escaping in an address.
random() {
    LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | head -c 48
}

# The container's user reads them through the mount; on the host the folder keeps others out.
put() {
    if [ ! -s "secrets/$1" ]; then
        printf '%s' "$2" >"secrets/$1"
    fi
    chmod 0444 "secrets/$1"
}

put database_password "$(random)"
put database_url "postgresql://dexxy:$(cat secrets/database_password)@database:5432/dexxy"
put secret_key "$(random)"
put backup_passphrase "$(random)"
echo "Keep copies of secrets/secret_key and secrets/backup_passphrase away from this machine."

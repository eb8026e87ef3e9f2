#!/bin/sh
# Makes the passwords of docker-compose.yml in secrets/, once: what is there stays as it is.
set -eu
cd "$(dirname "$0")/.."
mkdir -p secrets
# The folder keeps others on this machine out; inside, the containers' own users must be able to read.
chmod 700 secrets

random() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }
make() {
    [ -e "secrets/$1" ] || printf '%s' "$2" > "secrets/$1"
    chmod 444 "secrets/$1"
}

make secret_key "$(random 48)"
make database_password "$(random 24)"
make database_url "postgresql://roiqa:$(cat secrets/database_password)@database:5432/roiqa"
make broker_password "$(random 24)"
make broker_url "redis://:$(cat secrets/broker_password)@broker:6379/0"
make storage_access_key roiqa
make storage_secret_key "$(random 24)"
mkdir -p secrets/certificates
echo "Passwords are in secrets/. Put fullchain.pem and privkey.pem into secrets/certificates/ (or set ROIQA_CERTIFICATES)."

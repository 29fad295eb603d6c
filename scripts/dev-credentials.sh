#!/usr/bin/env bash
# Keys, a certificate and tokens to try the system with on one's own machine.
set -euo pipefail

usage() {
  cat <<'USAGE'
Usage: scripts/dev-credentials.sh [token]

Makes, unless they are there already, in .credentials/ (or $CREDENTIALS):
  tls.pem, tls.pem.key   the gateway's certificate, for localhost alone, and its key
  jwt.pem, jwt.key       the keys that tokens are checked and signed with
  master-keys            a master key, with which the keys of persons are encrypted
With `token` it also prints a token with every scope that is good for 12 hours.

For development only: whoever can read the folder can make tokens, and read personal data.
USAGE
}

folder=${CREDENTIALS:-"$(dirname "$0")/../.credentials"}
issuer=${JWT_ISSUER:-https://issuer.localhost}
audience=${JWT_AUDIENCE:-accounts-orders}

make_credentials() {
  mkdir -p "$folder"
  if [ ! -f "$folder/tls.pem" ]; then
    openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=localhost \
      -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
      -keyout "$folder/tls.pem.key" -out "$folder/tls.pem" 2>/dev/null
  fi
  if [ ! -f "$folder/jwt.pem" ]; then
    openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$folder/jwt.key" 2>/dev/null
    openssl pkey -in "$folder/jwt.key" -pubout -out "$folder/jwt.pem"
  fi
  if [ ! -f "$folder/master-keys" ]; then
    echo "development $(openssl rand -base64 32)" > "$folder/master-keys"
  fi
  # The containers that read them are not this user.
  chmod 755 "$folder"
  chmod 644 "$folder"/tls.pem "$folder"/tls.pem.key "$folder"/jwt.pem "$folder"/jwt.key "$folder"/master-keys
}

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

print_token() {
  local now scope header payload
  now=$(date +%s)
  scope='customers:read customers:write orders:read orders:write'
  header=$(printf '{"alg":"RS256","typ":"JWT"}' | base64url)
  payload=$(printf '{"iss":"%s","aud":"%s","sub":"developer","scope":"%s","iat":%d,"exp":%d}' \
    "$issuer" "$audience" "$scope" "$now" $((now + 12 * 3600)) | base64url)
  printf '%s.%s.%s\n' "$header" "$payload" \
    "$(printf '%s.%s' "$header" "$payload" | openssl dgst -sha256 -sign "$folder/jwt.key" | base64url)"
}

case ${1:-} in
  '') make_credentials ;;
  token) make_credentials && print_token ;;
  --help) usage ;;
  *) echo "$1: there is no such command; --help tells more" >&2 && exit 2 ;;
esac

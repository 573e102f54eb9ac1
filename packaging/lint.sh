#!/usr/bin/env bash
# Checks what can be checked without installing: shell files, unit, nginx site, settings example.
# As root it installs the Debian packages it needs; otherwise it skips loudly what it has no tool for.
set -euo pipefail
export LC_ALL=C

readonly EXPOSURE_MAX=1.5
cd "$(dirname "${BASH_SOURCE[0]}")/.."
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
FAILED=0

# step WHAT COMMAND...
step() {
    if "${@:2}" >"$WORK/output" 2>&1; then
        echo "ok      $1"
    else
        FAILED=$((FAILED + 1))
        echo "FAILED  $1"
        sed 's/^/            /' "$WORK/output"
    fi
}

# has COMMAND PACKAGE
has() {
    command -v "$1" >/dev/null && return
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        { [ -n "${UPDATED:-}" ] || apt-get update -q; UPDATED=yes
          DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$2"; } >"$WORK/apt" 2>&1 || tail -n 3 "$WORK/apt"
    fi
    command -v "$1" >/dev/null || { echo "SKIPPED, $1 is missing (package $2)"; false; }
}

shell_files() {
    find . \( -name target -o -name .git \) -prune -o -type f -print0 | xargs -0 awk '
        FNR == 1 { if (/^#!.*[\/ ](ba|da)?sh$/) print FILENAME; nextfile }'
}

lint_shell() {
    local files
    mapfile -t files < <(shell_files)
    [ "${#files[@]}" -ge 5 ] || { echo "only ${#files[@]} shell files found" && return 1; }
    shellcheck "${files[@]}"
}

# systemd wants ExecStart to be there.
unit_verifies() {
    sed "s|^ExecStart=/usr/bin/perphook|ExecStart=$(command -v true)|" packaging/perphook.service >"$WORK/perphook.service"
    # Other units of this machine are not ours to judge.
    ! systemd-analyze verify "$WORK/perphook.service" 2>&1 | grep -F perphook.service
}

unit_is_sandboxed() {
    local threshold
    threshold=$(awk "BEGIN { print $EXPOSURE_MAX * 10 }")
    systemd-analyze security --offline=true --no-pager --threshold="$threshold" packaging/perphook.service | tail -n 1
}

# The site as install.sh renders it, inside a minimal nginx.conf, with everything it names under $WORK.
nginx_takes_the_site() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=perphook \
        -keyout "$WORK/key.pem" -out "$WORK/cert.pem" 2>/dev/null
    sed -e 's|@PORT@|5000|; s|@SERVER_NAME@|_|; s|@HTTP_REFUSED@|1|; s|@DEFAULT_SERVER_[0-9]*@| default_server|' \
        -e "s|@CERTIFICATE@|$WORK/cert.pem|; s|@CERTIFICATE_KEY@|$WORK/key.pem|" \
        -e "s|/var/log/nginx/|$WORK/|; s|/etc/nginx/perphook-allow.conf|$PWD/packaging/nginx/perphook-allow.conf|" \
        packaging/nginx/perphook.conf >"$WORK/site.conf"
    ! grep -n '@[A-Z_0-9]*@' "$WORK/site.conf" || return 1
    printf 'pid %s/pid;\nerror_log stderr;\nevents {}\nhttp {\n    include %s/site.conf;\n}\n' "$WORK" "$WORK" >"$WORK/nginx.conf"
    nginx -t -q -c "$WORK/nginx.conf"
}

has shellcheck shellcheck && step "shellcheck" lint_shell
if has systemd-analyze systemd; then
    step "systemd-analyze verify" unit_verifies
    step "systemd-analyze security, at most $EXPOSURE_MAX" unit_is_sandboxed
fi
has nginx nginx-light && has openssl openssl && step "nginx -t" nginx_takes_the_site
[ "$FAILED" -eq 0 ]

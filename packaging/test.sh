#!/usr/bin/env bash
# Installs perphook on a clean Debian that boots with systemd (in systemd-nspawn), and tries what an installation promises.
# Root only. What it builds once is kept in $PERPHOOK_PACKAGING_CACHE (default target/packaging): a Debian tree and cargo-deb.
# Another release, for instance: PERPHOOK_PACKAGING_SUITE=jammy PERPHOOK_PACKAGING_MIRROR=http://archive.ubuntu.com/ubuntu
set -euo pipefail
export LC_ALL=C

usage() {
    cat <<'END'
usage: packaging/test.sh --binary FILE [--sim FILE]
  --binary FILE   the perphook program to install, for instance target/release/perphook
  --sim FILE      exchange-sim (cargo build --features sim), which then plays the exchange for the daemon
END
}

die() {
    printf 'test.sh: %s\n' "$*" >&2
    exit 1
}

BINARY='' SIM=''
while [ $# -gt 0 ]; do
    case $1 in
        --binary) BINARY=$(realpath "${2:?--binary needs a file}") && shift ;;
        --sim) SIM=$(realpath "${2:?--sim needs a file}") && shift ;;
        -h | --help) usage && exit 0 ;;
        *) die "unknown option $1 (see --help)" ;;
    esac
    shift
done
[ -x "$BINARY" ] || die "--binary FILE is needed (see --help)"
[ -z "$SIM" ] || [ -x "$SIM" ] || die "$SIM is no program"
[ "$(id -u)" -eq 0 ] || die "root is needed"

REPOSITORY=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${PERPHOOK_PACKAGING_CACHE:-$REPOSITORY/target/packaging}
SUITE=${PERPHOOK_PACKAGING_SUITE:-bookworm}
MIRROR=${PERPHOOK_PACKAGING_MIRROR:-}
ROOT=$CACHE/$SUITE
mkdir -p "$CACHE"
WORK=$(mktemp -d "$CACHE/run.XXXXXX")
# One of TradingView's; the guest gives it to its loopback interface.
readonly TRADINGVIEW=52.89.214.238
readonly TOKEN=packaging-test-token-0123456789abcdef
readonly KEYS=(/etc/perphook/credentials/BINANCE_API_KEY /etc/perphook/credentials/BINANCE_API_SECRET)
PASSED=0 FAILED=0
NSPAWN='' GUEST='' MACHINE=''

# --- Host -----------------------------------------------------------------------------------------------------------------------------

prepare_host() {
    if ! command -v debootstrap >/dev/null || ! command -v systemd-nspawn >/dev/null; then
        apt-get update -q >/dev/null
        DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends debootstrap systemd-container >/dev/null
    fi
}

prepare_root() {
    [ ! -d "$ROOT" ] || return 0
    echo "building $ROOT (once)"
    rm -rf "$ROOT.new"
    # Ubuntu's nginx-light lacks limit_req.
    local nginx=nginx-light
    [[ $MIRROR != *ubuntu* ]] || nginx="nginx-core"
    debootstrap --variant=minbase \
        --include="systemd,systemd-sysv,dbus,$nginx,openssl,ca-certificates,procps,iproute2,curl" \
        "$SUITE" "$ROOT.new" ${MIRROR:+"$MIRROR"} >"$WORK/debootstrap.log" 2>&1 ||
        { tail -n 5 "$WORK/debootstrap.log" >&2 && die "debootstrap failed"; }
    mv "$ROOT.new" "$ROOT"
}

# The package around the given program.
prepare_package() {
    local cargo_deb
    cargo_deb=$(command -v cargo-deb || echo "$CACHE/cargo-deb/bin/cargo-deb")
    [ -x "$cargo_deb" ] || cargo install cargo-deb --version 3.8.0 --locked --quiet --root "$CACHE/cargo-deb"
    mkdir -p "$WORK/deb/release"
    cp "$BINARY" "$WORK/deb/release/perphook"
    (cd "$REPOSITORY" && CARGO_TARGET_DIR=$WORK/deb "$cargo_deb" deb --no-build --no-strip --output "$WORK/perphook.deb") >/dev/null
}

# --- Guest ----------------------------------------------------------------------------------------------------------------------------

inside() {
    nsenter --target "$GUEST" --all env --ignore-environment PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin HOME=/root "$@" </dev/null
}

# wait_until SECONDS COMMAND...
wait_until() {
    local deadline=$((SECONDS + $1))
    while ! "${@:2}" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.1
    done
}

has_child() { GUEST=$(pgrep --parent "$NSPAWN"); }
# "degraded" will do: some units of a full machine cannot work in a container.
is_up() { [[ $(inside systemctl is-system-running 2>/dev/null || true) =~ running|degraded ]]; }

boot() {
    MACHINE=$WORK/$1
    mkdir -p "$MACHINE"/{upper,work,root}
    mount -t overlay overlay -o "lowerdir=$ROOT,upperdir=$MACHINE/upper,workdir=$MACHINE/work" "$MACHINE/root" 2>/dev/null ||
        cp -a --reflink=auto "$ROOT/." "$MACHINE/root"
    local source=$MACHINE/root/srv/source
    mkdir -p "$source"
    cp -r "$REPOSITORY/install.sh" "$REPOSITORY/packaging" "$source"
    cp "$BINARY" "$source/perphook"
    cp "$WORK/perphook.deb" "$source"
    env_file >"$source/predecessor.env"
    fake_certbot >"$source/certbot"
    chmod +x "$source/certbot"
    [ -z "$SIM" ] || cp "$SIM" "$source/exchange-sim"
    systemd-nspawn -q -D "$MACHINE/root" --register=no --keep-unit --private-network --console=pipe -b \
        </dev/null >"$MACHINE/console" 2>&1 &
    NSPAWN=$!
    wait_until 10 has_child || { cat "$MACHINE/console" >&2 && die "the guest does not start"; }
    # Others may be compiling beside it.
    wait_until 120 is_up || { cat "$MACHINE/console" >&2 && die "the guest does not boot"; }
    inside ip address add "$TRADINGVIEW/32" dev lo
    [ -z "$SIM" ] || inside systemd-run --quiet --unit exchange-sim /srv/source/exchange-sim binance --port 9001
}

halt_guest() {
    [ -n "$GUEST" ] || return 0
    inside systemctl poweroff >/dev/null 2>&1 || true
    wait_until 10 gone "$NSPAWN" || kill -KILL "$GUEST" "$NSPAWN" 2>/dev/null || true
    wait "$NSPAWN" 2>/dev/null || true
    GUEST='' NSPAWN=''
    umount "$MACHINE/root" 2>/dev/null || true
}
gone() { ! kill -0 "$1" 2>/dev/null; }

finish() {
    halt_guest
    rm -rf --one-file-system "$WORK"
}
trap finish EXIT

# A predecessor's .env as its users have it, quotes and line ends included.
env_file() {
    printf '%s\r\n' '# Binance API' 'BINANCE_API_KEY="test-api-key"' "BINANCE_API_SECRET='test-api-secret'" \
        'BINANCE_TESTNET=false' "export WEBHOOK_TOKEN=$TOKEN" 'SERVICE_HOST=0.0.0.0' 'SERVICE_PORT=5000 # Flask' 'LOG_LEVEL=INFO' \
        'LOG_FILE=logs/webhook.log' 'ENTRY_SIZE_USD=25' 'SLACK_WEBHOOK_URL=https://hooks.example.net/x'
    [ -z "$SIM" ] || printf 'BINANCE_BASE_URL=http://127.0.0.1:9001\r\n'
}

# Plays certbot: there is no way to a certificate authority from here. It asks for the challenge file as an authority does.
fake_certbot() {
    cat <<'END'
#!/bin/sh
set -e
live=/etc/letsencrypt/live/perphook
if [ "$1" = delete ]; then rm -r /etc/letsencrypt; exit; fi
while [ $# -gt 0 ]; do
    case $1 in --webroot-path) webroot=$2 ;; --domain) domain=$2 ;; esac
    shift
done
mkdir -p "$webroot/.well-known/acme-challenge"
echo proof >"$webroot/.well-known/acme-challenge/challenge"
test "$(curl -s --resolve "$domain:80:127.0.0.1" "http://$domain/.well-known/acme-challenge/challenge")" = proof
rm "$webroot/.well-known/acme-challenge/challenge"
mkdir -p "$live" /etc/letsencrypt/renewal
touch /etc/letsencrypt/renewal/perphook.conf
openssl req -x509 -newkey rsa:2048 -nodes -days 9 -subj "/CN=$domain" -addext "subjectAltName=DNS:$domain" \
    -keyout "$live/privkey.pem" -out "$live/fullchain.pem" 2>/dev/null
END
}

# --- Checks ---------------------------------------------------------------------------------------------------------------------------

# check WHAT COMMAND...
check() {
    if "${@:2}" >"$WORK/output" 2>&1; then
        PASSED=$((PASSED + 1))
        echo "ok      $1"
    else
        FAILED=$((FAILED + 1))
        echo "FAILED  $1"
        sed 's/^/            /' "$WORK/output" | tail -n 30
    fi
}

fails() { ! "$@"; }
# says TEXT COMMAND...: succeeds and prints a line with TEXT.
says() {
    local status=0
    "${@:2}" >"$WORK/said" 2>&1 || status=$?
    cat "$WORK/said"
    [ "$status" -eq 0 ] && grep -qF "$1" "$WORK/said"
}
is() { [ "$1" = "$2" ] || { echo "expected $1, got $2" && false; }; }

install_sh() { inside /srv/source/install.sh --binary /srv/source/perphook "$@"; }
is_active() { inside systemctl is-active --quiet perphook; }
main_pid() { inside systemctl show --property MainPID --value perphook; }

ALERTS=0
entry() {
    printf '{"token":"%s","alert_id":"%s","event":"ENTRY","order_subtype":"primary_entry",' "$1" "$2"
    printf '"signal_side":"LONG","symbol":"ETHUSDT.P","entry_price":"1000","second_entry_price":"950","stop_loss":"900","take_profit":"1200"}'
}
exit_alert() { printf '{"token":"%s","event":"EXIT","signal_side":"LONG","symbol":"ETHUSDT.P","alert_id":"%s"}' "$1" "$2"; }

# status_of URL [curl options]: the status of an alert sent as TradingView sends it.
status_of() {
    ALERTS=$((ALERTS + 1))
    inside curl --silent --insecure --max-time 15 --output /dev/null --write-out '%{http_code}' --interface "$TRADINGVIEW" \
        --header 'Content-Type: application/json; charset=utf-8' "${@:2}" "$1"
}
answers() { is "$1" "$(status_of "${@:2}" || true)"; }
exit_answers() { answers "$1" "$2" --data "$(exit_alert "$TOKEN" "$ALERTS")" "${@:3}"; }

# What changes by itself, logs, and the inside of the state directory.
UNSTEADY=(/proc /sys /dev /run /tmp /var/tmp /srv/source /var/lib/systemd '/var/lib/perphook/*' '/etc/*-' /etc/.pwd.lock
    /var/log/journal /var/log/faillog /var/log/lastlog
    /var/log/nginx/access.log /var/log/nginx/error.log '/var/log/*tmp' /var/log/dpkg.log '/var/log/apt*'
    '/var/lib/dpkg/*' '/var/lib/apt*' '/var/cache/apt*' /var/cache/ldconfig)

# listing FORMAT: everything else on the disk with owner, mode and checksum; FORMAT adds more about files.
listing() {
    local path prune=()
    for path in "${UNSTEADY[@]}"; do
        prune+=(-path "$path" -prune -o)
    done
    {
        inside find / -xdev "${prune[@]}" -type l -printf '%y %p -> %l\n' -o \
            -type f -printf "%y %m %u:%g %p $1\n" -o -printf '%y %m %u:%g %p\n'
        inside find / -xdev "${prune[@]}" -type f -exec sha256sum {} +
    } | sort
}
same() { diff "$1" "$2"; }

nothing_but_state_is_left() {
    listing '' >"$WORK/after"
    is 'd 700 root:root /var/lib/perphook' "$(comm -13 "$WORK/before" "$WORK/after")" && is '' "$(comm -23 "$WORK/before" "$WORK/after")"
}
nothing_is_left() {
    listing '' >"$WORK/after"
    same "$WORK/before" "$WORK/after"
}

no_token_in_logs() {
    local found
    found=$(inside grep -rlF "$TOKEN" /var/log /var/lib/nginx || true)
    found+=$(inside journalctl --no-pager --quiet | grep -F "$TOKEN" || true)
    is '' "$found"
}

exposure_is_low() {
    local line score
    line=$(inside systemd-analyze security --no-pager perphook | tail -n 1)
    score=$(sed -E 's/.*: ([0-9.]+) .*/\1/' <<<"$line")
    echo "$line"
    awk -v score="$score" 'BEGIN { exit !(score != "" && score <= 1.5) }'
}

# --- Scenarios ------------------------------------------------------------------------------------------------------------------------

refusals() {
    inside sh -c 'echo "of somebody else" >/usr/bin/perphook'
    check "a program of somebody else is not overwritten" fails install_sh
    check "... and still there" says 'of somebody else' inside cat /usr/bin/perphook
    inside rm /usr/bin/perphook
    check "an unknown option is refused" fails install_sh --domian example.net
}

without_keys() {
    check "without keys: installs, and says what to do" says 'NOT started' install_sh
    check "... and the unit is not running" fails is_active
    check "... and nginx is, answering 503 to alerts" exit_answers 503 https://127.0.0.1/webhook
    check "a placeholder for a token was replaced by 48 random characters" \
        inside grep -qxE '[0-9a-f]{48}' /etc/perphook/credentials/WEBHOOK_TOKEN
}

with_keys() {
    check "with the predecessor's .env: checks, enables, starts" says 'perphook is running' install_sh --env /srv/source/predecessor.env
    check "the unit is active" is_active
    check "... and starts with the machine" inside systemctl is-enabled --quiet perphook
    check "secrets are root's alone" is 'root 600 root 600' "$(inside stat --printf '%U %a ' "${KEYS[@]}" | sed 's/ $//')"
    check "no secret is in perphook.env" fails inside grep -E 'test-api|packaging-test' /etc/perphook/perphook.env
    check "settings are taken over" inside grep -qx ENTRY_SIZE_USD=25 /etc/perphook/perphook.env
    check "... an open listening address is not" fails inside grep -q '^SERVICE_HOST' /etc/perphook/perphook.env
    check "perphook-admin sees the daemon's state" inside perphook-admin status
    check "systemd-analyze security is 1.5 at most" exposure_is_low
}

alerts() {
    check "an alert through nginx over TLS is answered 200" answers 200 https://127.0.0.1/webhook --data "$(entry "$TOKEN" first)"
    check "perphook-admin status lists the trade" wait_until 10 says ETHUSDT inside perphook-admin status
    check "removal with a trade open is refused" fails inside /srv/source/install.sh --uninstall
    check "... and perphook still runs" is_active
    check "an EXIT over TLS is answered 200" exit_answers 200 https://127.0.0.1/webhook
    check "... and ends the trade" wait_until 20 says 'no open trade' inside perphook-admin status
    check "a wrong token is answered 401" answers 401 https://127.0.0.1/webhook --data "$(exit_alert wrong-token-0123456789 wrong)"
    check "another address is refused" exit_answers 403 https://127.0.0.1/webhook --interface 127.0.0.1
    check "plain http is refused" exit_answers 403 http://127.0.0.1/webhook
    check "20 kB are refused" answers 413 https://127.0.0.1/webhook/$TOKEN --data "$(head -c 20000 /dev/zero | tr '\0' x)"
    check "/health is open to this machine" answers 200 https://127.0.0.1/health --interface 127.0.0.1
    check "... and to nobody else" answers 403 https://127.0.0.1/health
    check "nginx tells no version" inside sh -c 'curl -skI https://127.0.0.1/ | tr -d "\r" | grep -qix "server: nginx"'
}

tokens_in_urls() {
    local path
    for path in "webhook/$TOKEN" "whook/$TOKEN" "webhok/$TOKEN" "webhook?token=$TOKEN"; do
        status_of "https://127.0.0.1/$path" --data x >/dev/null || true
        status_of "http://127.0.0.1/$path" --data x >/dev/null || true
        status_of "https://127.0.0.1/$path" --data x --interface 127.0.0.1 --referer "https://x/$TOKEN" --user-agent "$TOKEN" \
            >/dev/null || true
    done
}

secrecy() {
    tokens_in_urls
    inside systemctl stop perphook || true
    tokens_in_urls
    check "while the daemon is down alerts are answered 503" exit_answers 503 "https://127.0.0.1/webhook/$TOKEN"
    inside systemctl start perphook || true
    check "... and 200 after it is back" exit_answers 200 https://127.0.0.1/webhook
    check "nginx has logged the alerts" inside grep -q 'POST alert status=503 upstream=502' /var/log/nginx/perphook.log
    check "no token is in any log" no_token_in_logs
}

crash() {
    local before
    before=$(main_pid)
    # Never 0, which would be this test itself.
    [ "$before" -eq 0 ] || inside kill -KILL "$before"
    check "after kill -9 the unit starts again" wait_until 15 has_new_pid "$before"
    check "... and takes alerts" wait_until 15 exit_answers 200 https://127.0.0.1/webhook
}
has_new_pid() { is_active && [ "$(main_pid)" != "$1" ]; }

second_run() {
    listing '%T@' >"$WORK/first"
    local before
    before=$(main_pid)
    check "a second run has nothing to do" says 'nothing to do' install_sh --env /srv/source/predecessor.env
    listing '%T@' >"$WORK/second"
    check "... and changes no file" same "$WORK/first" "$WORK/second"
    check "... and restarts nothing" is "$before" "$(main_pid)"
}

options() {
    check "--allow lets an own address in" install_sh --allow 127.0.0.1
    check "... which is then served" wait_until 5 exit_answers 200 https://127.0.0.1/webhook --interface 127.0.0.1
    check "--allow-http takes alerts on port 80" install_sh --allow-http
    check "... which are then served" wait_until 5 exit_answers 200 http://127.0.0.1/webhook
    inside cp /srv/source/certbot /usr/local/bin/certbot
    check "--domain gets a certificate" install_sh --domain hooks.example.net --refuse-http
    check "... which a client accepts" wait_until 5 domain_is_valid
    check "... and plain http is refused again" wait_until 5 exit_answers 403 http://127.0.0.1/webhook
    check "a later run without options remembers the domain" says 'nothing to do' install_sh
    inside sh -c 'echo "# edited" >>/etc/nginx/sites-available/perphook.conf'
    check "a site edited by hand is kept" says 'was edited by hand and is kept' install_sh --allow-http
    inside sh -c 'echo "LEVERAGE=5" >>/etc/perphook/perphook.env'
    check "settings edited by hand take effect" says 'perphook is running' install_sh
    check "... and are kept" inside grep -qx LEVERAGE=5 /etc/perphook/perphook.env
}
domain_is_valid() {
    inside curl --silent --fail --cacert /etc/letsencrypt/live/perphook/fullchain.pem --resolve hooks.example.net:443:127.0.0.1 \
        https://hooks.example.net/health
}

removal() {
    check "--uninstall removes it, and does not ask when no trade is open" inside /srv/source/install.sh --uninstall
    inside rm -f /usr/local/bin/certbot
    check "... and leaves nothing but the state directory" nothing_but_state_is_left
    check "... which is not empty" inside sh -c "ls -A /var/lib/perphook | grep -q ."
    check "... and nginx works without it" inside nginx -t
    check "installed again it finds its state and starts" says 'perphook is running' install_sh --env /srv/source/predecessor.env
    check "... and takes alerts" exit_answers 200 https://127.0.0.1/webhook
    check "--purge removes it" inside /srv/source/install.sh --purge --yes
    check "... and leaves nothing" nothing_is_left
    check "removing what is not there says so" says 'nothing to do' inside /srv/source/install.sh --uninstall
}

package() {
    local deb=/srv/source/perphook.deb setup=/usr/share/perphook/install.sh before
    check "the package installs" inside dpkg --install $deb
    check "... and starts nothing without keys" fails is_active
    check "its install.sh sets it up" says 'perphook is running' inside $setup --env /srv/source/predecessor.env
    check "... and an alert is answered 200" exit_answers 200 https://127.0.0.1/webhook
    check "... and has nothing to do a second time" says 'nothing to do' inside $setup --env /srv/source/predecessor.env
    before=$(main_pid)
    check "an upgrade restarts it" inside dpkg --install $deb
    check "... under a new number" has_new_pid "$before"
    check "--uninstall removes the package too" inside $setup --uninstall --yes
    check "... and leaves nothing but the state directory" nothing_but_state_is_left
    check "install.sh takes the package" says 'package perphook' inside /srv/source/install.sh --deb $deb --no-nginx
    check "dpkg --purge removes it" inside dpkg --purge perphook
    inside /srv/source/install.sh --purge >/dev/null
    check "... and nothing is left" nothing_is_left
}

prepare_host
prepare_root
prepare_package
SECONDS=0

boot plain
listing '' >"$WORK/before"
refusals
without_keys
with_keys
alerts
secrecy
crash
second_run
options
removal
halt_guest

boot package
listing '' >"$WORK/before"
package
halt_guest

echo "$SECONDS s on $SUITE${SIM:+, with the simulated exchange}"
echo "$PASSED passed, $FAILED failed"
[ "$FAILED" -eq 0 ]

#!/usr/bin/env bash
# Installs perphook on Ubuntu 22.04+ or Debian 12+. Run twice it changes nothing; it removes and overwrites nothing that it did not make.
set -Eeuo pipefail
export LC_ALL=C

usage() {
    cat <<'END'
usage: sudo ./install.sh [options]

Installs perphook as a systemd service behind nginx. Builds it with cargo unless it is given a ready one. Run it again to upgrade,
to give keys or a domain: it changes only what differs, and remembers domain, --allow-http and --no-nginx.

what is installed
  --binary FILE     a ready perphook program instead of a build
  --deb FILE        a ready .deb instead of a build

keys and settings
  --env FILE        takes keys, token and settings from this file (the .env of the Binance Futures Webhook Service works).
                    Without it and on a terminal the keys of Binance are asked for; without them all is installed and nothing
                    started. Accounts of other exchanges stand in a file of their own: ACCOUNTS_FILE in the settings.

nginx
  --domain NAME     gets a certificate for NAME by certbot (port 80 must be reachable). Without it: a self-signed one, which
                    TradingView refuses
  --email ADDRESS   where the certificate authority writes before a certificate ends
  --allow ADDRESS   lets this address send alerts besides TradingView's (may be repeated)
  --allow-http      takes alerts on port 80 too: the token can be read on the way
  --refuse-http     the default; takes --allow-http back
  --no-nginx        leaves nginx alone; perphook listens on 127.0.0.1 and you bring your own proxy
  --nginx           takes --no-nginx back

removal
  --uninstall       removes everything but the state directory /var/lib/perphook; asks first when trades are open
  --purge           removes that too
  --yes             answers yes

  --help            prints this
END
}

readonly BINARY=/usr/bin/perphook
readonly ADMIN=/usr/sbin/perphook-admin
readonly UNIT=/etc/systemd/system/perphook.service
readonly ETC=/etc/perphook
readonly SETTINGS=$ETC/perphook.env
readonly CREDENTIALS=$ETC/credentials
readonly TLS=$ETC/tls
readonly OPTIONS=$ETC/install.options
# "sha256  path" of every file this script made: what is not in it belongs to somebody else, what differs was edited by hand.
readonly MANIFEST=$ETC/install.manifest
readonly STATE=/var/lib/perphook
readonly SITE=/etc/nginx/sites-available/perphook.conf
readonly SITE_LINK=/etc/nginx/sites-enabled/perphook.conf
readonly ALLOWED=/etc/nginx/perphook-allow.conf
readonly DISTRIBUTION_SITE=/etc/nginx/sites-enabled/default
readonly ACME=/var/www/perphook
readonly CERTIFICATE=/etc/letsencrypt/live/perphook
readonly SECRETS=(BINANCE_API_KEY BINANCE_API_SECRET WEBHOOK_TOKEN)
readonly TOKEN_LENGTH_MIN=16

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly HERE
WORK=
CHANGES=0
WRITTEN=no
RELOAD_NGINX=no
declare -A ENV_FILE=()

say() { printf '%s\n' "$*"; }
warn() { printf 'warning: %s\n' "$*" >&2; }
die() {
    printf 'install.sh: %s\n' "$*" >&2
    exit 1
}
changed() {
    say "  $*"
    CHANGES=$((CHANGES + 1))
}

# --- Command line ---------------------------------------------------------------------------------------------------------------------

parse_command_line() {
    ACTION=install YES=no GIVEN_BINARY='' GIVEN_DEB='' GIVEN_ENV='' EMAIL='' GIVEN_DOMAIN='' GIVEN_HTTP='' GIVEN_NGINX=''
    GIVEN_ALLOWED=()
    while [ $# -gt 0 ]; do
        case $1 in
            --binary | --deb | --env | --domain | --email | --allow)
                if [ $# -lt 2 ] || [ -z "$2" ]; then
                    die "$1 needs a value (see --help)"
                fi
                ;;&
            --binary) GIVEN_BINARY=$2 && shift ;;
            --deb) GIVEN_DEB=$2 && shift ;;
            --env) GIVEN_ENV=$2 && shift ;;
            --domain) GIVEN_DOMAIN=$2 && shift ;;
            --email) EMAIL=$2 && shift ;;
            --allow) GIVEN_ALLOWED+=("$2") && shift ;;
            --allow-http) GIVEN_HTTP=allowed ;;
            --refuse-http) GIVEN_HTTP=refused ;;
            --nginx) GIVEN_NGINX=yes ;;
            --no-nginx) GIVEN_NGINX=no ;;
            --uninstall) [ "$ACTION" = purge ] || ACTION=uninstall ;;
            --purge) ACTION=purge ;;
            --yes) YES=yes ;;
            -h | --help) usage && exit 0 ;;
            *) die "unknown option $1 (see --help)" ;;
        esac
        shift
    done
    local file address
    for file in "$GIVEN_BINARY" "$GIVEN_DEB" "$GIVEN_ENV"; do
        [ -z "$file" ] || [ -r "$file" ] || die "$file cannot be read"
    done
    [ -z "$GIVEN_BINARY" ] || GIVEN_BINARY=$(realpath "$GIVEN_BINARY")
    [ -z "$GIVEN_DEB" ] || GIVEN_DEB=$(realpath "$GIVEN_DEB")
    [ -z "$GIVEN_BINARY" ] || [ -z "$GIVEN_DEB" ] || die "--binary and --deb exclude each other"
    [[ -z $GIVEN_DOMAIN || $GIVEN_DOMAIN =~ ^([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z0-9-]+$ ]] ||
        die "--domain $GIVEN_DOMAIN: not a domain name"
    for address in "${GIVEN_ALLOWED[@]}"; do
        [[ $address =~ ^[0-9A-Fa-f.:]+(/[0-9]+)?$ ]] || die "--allow $address: not an address"
    done
}

# What an earlier run was told, unless this one is told otherwise.
recall_options() {
    DOMAIN='' HTTP=refused NGINX=yes DISTRIBUTION_SITE_DISABLED=no
    local name value
    if [ -e "$OPTIONS" ]; then
        while IFS='=' read -r name value; do
            case $name in
                DOMAIN) DOMAIN=$value ;;
                HTTP) HTTP=$value ;;
                NGINX) NGINX=$value ;;
                DISTRIBUTION_SITE_DISABLED) DISTRIBUTION_SITE_DISABLED=$value ;;
            esac
        done <"$OPTIONS"
    fi
    DOMAIN=${GIVEN_DOMAIN:-$DOMAIN} HTTP=${GIVEN_HTTP:-$HTTP} NGINX=${GIVEN_NGINX:-$NGINX}
}

remember_options() {
    printf '%s\n' "DOMAIN=$DOMAIN" "HTTP=$HTTP" "NGINX=$NGINX" "DISTRIBUTION_SITE_DISABLED=$DISTRIBUTION_SITE_DISABLED" >"$WORK/options"
    put "$WORK/options" "$OPTIONS" 644 overwrite
}

# --- Files ----------------------------------------------------------------------------------------------------------------------------

is_ours() { [ -e "$MANIFEST" ] && grep -qxE "[0-9a-f]{64}  $1" "$MANIFEST"; }
is_edited() { ! grep -Fxq "$(sha256sum "$1")" "$MANIFEST"; }
of_a_package() { dpkg-query --search "$1" >/dev/null 2>&1; }

enter_into_manifest() {
    local rest=''
    if [ -e "$MANIFEST" ]; then
        rest=$(grep -vE "^[0-9a-f]{64}  $1\$" "$MANIFEST" || true)
    fi
    { [ -z "$rest" ] || printf '%s\n' "$rest"; sha256sum "$1"; } >"$MANIFEST.new"
    chmod 600 "$MANIFEST.new"
    mv "$MANIFEST.new" "$MANIFEST"
}

# put SOURCE PATH MODE [overwrite]: installs a file and sets WRITTEN to yes, or to no when it stayed as it was. Files of others are
# refused, files edited by hand are kept, unless what is given was made from the file itself (settings) or replaces it (secrets).
put() {
    local source=$1 path=$2 mode=$3 edited=${4:-keep}
    WRITTEN=no
    if [ -e "$path" ]; then
        if cmp -s "$source" "$path"; then
            [ "$(stat -c %a "$path")" = "$mode" ] || { chmod "$mode" "$path" && changed "permissions of $path"; }
            return 0
        fi
        if [ "$edited" = keep ]; then
            is_ours "$path" || die "$path exists and was not made by this script; move it away and run again"
            if is_edited "$path"; then
                warn "$path was edited by hand and is kept; delete it and run again to get the new one"
                return 0
            fi
        fi
    fi
    install -m "$mode" -o root -g root "$source" "$path.new"
    mv "$path.new" "$path"
    enter_into_manifest "$path"
    changed "$path"
    WRITTEN=yes
}

make_directory() {
    [ -d "$1" ] && return
    install -d -m "$2" -o root -g root "$1"
    changed "$1/"
}

# --- Machine --------------------------------------------------------------------------------------------------------------------------

require_machine() {
    [ "$(id -u)" -eq 0 ] || die "root is needed: sudo $0"
    [ -d /run/systemd/system ] || die "systemd does not run here"
    command -v apt-get >/dev/null || die "apt-get is missing: Ubuntu 22.04+ or Debian 12+ is needed"
    local release
    # shellcheck source=/dev/null
    release=$(. /etc/os-release && echo "$ID ${VERSION_ID:-0}")
    case $release in
        "ubuntu "*) dpkg --compare-versions "${release#* }" ge 22.04 || die "Ubuntu 22.04 or later is needed; this is ${release#* }" ;;
        "debian "*) dpkg --compare-versions "${release#* }" ge 12 || [ "${release#* }" = 0 ] ||
            die "Debian 12 or later is needed; this is ${release#* }" ;;
        *) warn "made for Ubuntu 22.04+ and Debian 12+; this is $release" ;;
    esac
}

# need COMMAND PACKAGE...
need() {
    command -v "$1" >/dev/null && return
    say "installing ${*:2}"
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${@:2}" >"$WORK/apt.log" 2>&1 ||
        { apt-get update -q >"$WORK/apt.log" 2>&1 &&
            DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${@:2}" >>"$WORK/apt.log" 2>&1; } ||
        { tail -n 5 "$WORK/apt.log" >&2 && die "apt-get could not install ${*:2}"; }
    changed "package ${*:2}"
}

make_user() {
    getent passwd perphook >/dev/null && return
    useradd --system --user-group --home-dir "$STATE" --no-create-home --shell /usr/sbin/nologin perphook
    changed "user perphook"
}

# --- Program --------------------------------------------------------------------------------------------------------------------------

# As the owner of the sources, so that no file of root stays in their tree.
build() {
    local owner home cargo
    owner=$(stat -c %U "$HERE")
    home=$(getent passwd "$owner" | cut -d: -f6)
    cargo=$(runuser -u "$owner" -- env HOME="$home" sh -lc 'command -v cargo || ls ~/.cargo/bin/cargo' 2>/dev/null) ||
        die "cargo is missing: install Rust (https://rustup.rs) as $owner, or give a ready program with --binary or --deb"
    need cc gcc libc6-dev
    say "building (a few minutes the first time)"
    runuser -u "$owner" -- env HOME="$home" PATH="$(dirname "$cargo"):$PATH" \
        "$cargo" build --release --locked --quiet --manifest-path "$HERE/Cargo.toml" --target-dir "$HERE/target" ||
        die "the build failed (it needs about 2 GB of memory; a program built elsewhere: --binary)"
    GIVEN_BINARY=$HERE/target/release/perphook
}

install_program() {
    if [ -n "$GIVEN_DEB" ]; then
        install_package
    elif of_a_package "$BINARY"; then
        [ -z "$GIVEN_BINARY" ] || die "perphook is installed from a package: upgrade it with --deb, or remove it first"
    else
        [ -n "$GIVEN_BINARY" ] || build
        "$GIVEN_BINARY" --version >"$WORK/version" 2>&1 || die "$GIVEN_BINARY does not run here: $(head -n 1 "$WORK/version")"
        put "$GIVEN_BINARY" "$BINARY" 755
        put "$HERE/packaging/perphook-admin" "$ADMIN" 755
        put "$HERE/packaging/perphook.service" "$UNIT" 644
        [ "$WRITTEN" = no ] || systemctl daemon-reload
    fi
}

install_package() {
    ! is_ours "$BINARY" || die "perphook was installed without a package: --uninstall it first (its state stays)"
    local version
    version=$(dpkg-deb --field "$GIVEN_DEB" Version) || die "$GIVEN_DEB is not a package"
    if [ "$(dpkg-query --show --showformat '${Version}' perphook 2>/dev/null)" = "$version" ]; then
        return
    fi
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$GIVEN_DEB" >"$WORK/apt.log" 2>&1 ||
        { tail -n 5 "$WORK/apt.log" >&2 && die "$GIVEN_DEB could not be installed"; }
    changed "package perphook $version"
}

# --- Settings and secrets -------------------------------------------------------------------------------------------------------------

is_secret() { [[ " ${SECRETS[*]} " == *" $1 "* ]]; }
is_setting() { grep -qE "^#?$1=" "$HERE/packaging/env.example"; }
is_placeholder() { [[ ${1,,} =~ change.?me|placeholder|replace.?(me|with)|insert.?here|^.?your.*(token|secret|key)|^x*$ ]]; }

read_env_file() {
    local line name value
    while IFS= read -r line || [ -n "$line" ]; do
        line=${line%$'\r'}
        [[ $line =~ ^[[:space:]]*(export[[:space:]]+)?([A-Za-z_][A-Za-z0-9_]*)[[:space:]]*=[[:space:]]*(.*)$ ]] || continue
        name=${BASH_REMATCH[2]} value=${BASH_REMATCH[3]}
        if [[ $value =~ ^\"(.*)\"[[:space:]]*(#.*)?$ || $value =~ ^\'(.*)\'[[:space:]]*(#.*)?$ ]]; then
            value=${BASH_REMATCH[1]}
        else
            value=${value%%[[:space:]]#*}
            value=${value%"${value##*[![:space:]]}"}
        fi
        ENV_FILE[$name]=$value
    done <"$GIVEN_ENV"
}

has_secret() { [ -s "$CREDENTIALS/$1" ] && [ -n "$(tr -d '[:space:]' <"$CREDENTIALS/$1")" ]; }
has_keys() { has_secret BINANCE_API_KEY && has_secret BINANCE_API_SECRET; }
# Keys of Binance, or a file of accounts: something to trade with.
has_accounts() { has_keys || grep -q '^ACCOUNTS_FILE=.' "$SETTINGS" 2>/dev/null; }

put_secret() {
    printf '%s\n' "$2" >"$WORK/secret"
    put "$WORK/secret" "$CREDENTIALS/$1" 600 overwrite
    rm -f "$WORK/secret"
}

take_secrets() {
    local name value
    for name in "${SECRETS[@]}"; do
        value=${ENV_FILE[$name]:-}
        [ -n "$value" ] || continue
        if is_placeholder "$value"; then
            warn "$GIVEN_ENV: $name is still the placeholder of an example and is not taken"
        elif [ "$name" = WEBHOOK_TOKEN ] && [ ${#value} -lt $TOKEN_LENGTH_MIN ]; then
            warn "$GIVEN_ENV: WEBHOOK_TOKEN is shorter than $TOKEN_LENGTH_MIN characters and is not taken: a new one goes into your alerts"
        else
            put_secret "$name" "$value"
        fi
    done
    if ! has_keys && [ -z "$GIVEN_ENV" ] && [ -t 0 ]; then
        ask_for_keys
    fi
    if ! has_secret WEBHOOK_TOKEN; then
        put_secret WEBHOOK_TOKEN "$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')"
    fi
}

ask_for_keys() {
    local key secret
    read -rp "Binance API key (empty: later, or only accounts of ACCOUNTS_FILE): " key
    [ -n "$key" ] || return 0
    read -rsp "Binance API secret (not shown): " secret
    echo
    [ -n "$secret" ] || die "a key without its secret is of no use"
    put_secret BINANCE_API_KEY "$key"
    put_secret BINANCE_API_SECRET "$secret"
}

take_settings() {
    if [ ! -e "$SETTINGS" ]; then
        cp "$HERE/packaging/env.example" "$WORK/settings"
    else
        cp "$SETTINGS" "$WORK/settings"
    fi
    local name unused=()
    for name in "${!ENV_FILE[@]}"; do
        is_secret "$name" && continue
        [ -n "${ENV_FILE[$name]}" ] || continue
        case $name in
            LOG_FILE | STATE_DIRECTORY)
                warn "$GIVEN_ENV: $name is not taken: the log is in the journal (journalctl -u perphook), the state in $STATE"
                ;;
            SERVICE_HOST)
                [ "${ENV_FILE[$name]}" = 127.0.0.1 ] ||
                    warn "$GIVEN_ENV: SERVICE_HOST is not taken: perphook listens on 127.0.0.1, nginx in front of it on 80 and 443"
                ;;
            *) if is_setting "$name"; then set_setting "$name" "${ENV_FILE[$name]}"; else unused+=("$name"); fi ;;
        esac
    done
    [ ${#unused[@]} -eq 0 ] || warn "$GIVEN_ENV: not settings of perphook, left out: ${unused[*]}"
    put "$WORK/settings" "$SETTINGS" 600 overwrite
}

# Puts NAME=VALUE in the place of its line, commented out or not. The values pass through the environment, where awk reads no escapes.
set_setting() {
    local value=$2
    if [[ ! $value =~ ^[A-Za-z0-9_.:/@%+,-]*$ ]]; then
        value=${value//\\/\\\\}
        value="\"${value//\"/\\\"}\""
    fi
    NAME=$1 LINE="$1=$value" awk '
        BEGIN { name = ENVIRON["NAME"] "=" }
        !done && (index($0, name) == 1 || index($0, "#" name) == 1) { print ENVIRON["LINE"]; done = 1; next }
        index($0, name) != 1 { print }
        END { if (!done) print ENVIRON["LINE"] }' "$WORK/settings" >"$WORK/settings.new"
    mv "$WORK/settings.new" "$WORK/settings"
}

service_port() {
    local port
    port=$(sed -n 's/^SERVICE_PORT="\{0,1\}\([0-9]*\)"\{0,1\}[[:space:]]*$/\1/p' "$SETTINGS" | tail -n 1)
    echo "${port:-5000}"
}

# --- nginx ----------------------------------------------------------------------------------------------------------------------------

install_nginx() {
    [ "$NGINX" = yes ] || return 0
    need nginx nginx
    need openssl openssl
    # Ubuntu's nginx-light.
    if nginx -V 2>&1 | grep -q -- --without-http_limit_req_module; then
        die "this nginx is built without limit_req: install nginx-core instead (apt-get install nginx-core), then run this again"
    fi
    [ -d /etc/nginx/sites-enabled ] || die "/etc/nginx/sites-enabled is missing: this nginx is not the distribution's; use --no-nginx"
    make_directory "$ACME" 755
    make_self_signed_certificate
    install_allowed_addresses
    disable_distribution_site
    install_site
    if [ -n "$DOMAIN" ]; then
        get_certificate
    fi
}

make_self_signed_certificate() {
    make_directory "$TLS" 700
    [ ! -e "$TLS/key.pem" ] || return 0
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj "/CN=perphook" \
        -addext "subjectAltName=DNS:${DOMAIN:-perphook}" -keyout "$WORK/key.pem" -out "$WORK/cert.pem" 2>/dev/null
    put "$WORK/cert.pem" "$TLS/cert.pem" 600 overwrite
    put "$WORK/key.pem" "$TLS/key.pem" 600 overwrite
}

install_allowed_addresses() {
    if [ -e "$ALLOWED" ]; then
        is_ours "$ALLOWED" || die "$ALLOWED exists and was not made by this script; move it away and run again"
        cp "$ALLOWED" "$WORK/allowed"
    else
        cp "$HERE/packaging/nginx/perphook-allow.conf" "$WORK/allowed"
    fi
    local address
    for address in "${GIVEN_ALLOWED[@]}"; do
        grep -qxF "allow $address;" "$WORK/allowed" || echo "allow $address;" >>"$WORK/allowed"
    done
    put "$WORK/allowed" "$ALLOWED" 644 overwrite
    [ "$WRITTEN" = no ] || RELOAD_NGINX=yes
}

# The page a fresh nginx shows takes every request by address, and writes tokens in mistyped URLs into its log. Only its link goes,
# only when nobody touched it, and --uninstall brings it back.
disable_distribution_site() {
    local target=/etc/nginx/sites-available/default shipped
    [ -L "$DISTRIBUTION_SITE" ] && [ "$(readlink -f "$DISTRIBUTION_SITE")" = "$target" ] || return 0
    shipped=$(dpkg-query --show --showformat '${Conffiles}\n' 'nginx*' 2>/dev/null | awk -v f="$target" '$1 == f { print $2; exit }')
    [ "$shipped" = "$(md5sum "$target" | cut -d' ' -f1)" ] || return 0
    rm "$DISTRIBUTION_SITE"
    DISTRIBUTION_SITE_DISABLED=yes
    remember_options
    RELOAD_NGINX=yes
    changed "nginx's own welcome site is switched off"
}

# Prints " default_server" unless another site is the default of that port.
default_server() {
    nginx -T 2>/dev/null | awk -v ours="# configuration file $SITE_LINK:" -v port="$1" '
        /^# configuration file / { skip = ($0 == ours) }
        !skip && $1 == "listen" && /default_server/ && $2 ~ ("^([0-9.*]+:)?" port ";?$") { taken = 1 }
        END { if (!taken) print " default_server" }'
}

render_site() {
    local certificate=$TLS/cert.pem key=$TLS/key.pem refused=1 default_80 default_443
    if [ -n "$DOMAIN" ] && has_certificate; then
        certificate=$CERTIFICATE/fullchain.pem key=$CERTIFICATE/privkey.pem
    fi
    [ "$HTTP" = refused ] || refused=0
    default_80=$(default_server 80)
    default_443=$(default_server 443)
    if [ -z "$DOMAIN" ] && { [ -z "$default_80" ] || [ -z "$default_443" ]; }; then
        warn "another site answers for this address: without --domain no alert finds its way to perphook"
    fi
    sed -e "s|@PORT@|$(service_port)|" -e "s|@SERVER_NAME@|${DOMAIN:-_}|" -e "s|@HTTP_REFUSED@|$refused|" \
        -e "s|@DEFAULT_SERVER_80@|$default_80|" -e "s|@DEFAULT_SERVER_443@|$default_443|" \
        -e "s|@CERTIFICATE@|$certificate|" -e "s|@CERTIFICATE_KEY@|$key|" "$HERE/packaging/nginx/perphook.conf"
}

install_site() {
    render_site >"$WORK/site"
    put "$WORK/site" "$SITE" 644
    [ "$WRITTEN" = no ] || RELOAD_NGINX=yes
    if [ ! -e "$SITE_LINK" ]; then
        ln -s "$SITE" "$SITE_LINK"
        RELOAD_NGINX=yes
        changed "$SITE_LINK"
    fi
    if ! nginx -t 2>"$WORK/nginx.log"; then
        rm "$SITE_LINK"
        cat "$WORK/nginx.log" >&2
        die "nginx refuses its configuration with our site in it; the site was switched off again"
    fi
    if [ "$RELOAD_NGINX" = yes ] || ! systemctl is-active --quiet nginx; then
        systemctl reload-or-restart nginx
        RELOAD_NGINX=no
    fi
}

has_certificate() {
    [ -e "$CERTIFICATE/fullchain.pem" ] &&
        openssl x509 -in "$CERTIFICATE/fullchain.pem" -noout -checkhost "$DOMAIN" 2>/dev/null | grep -q 'does match'
}

get_certificate() {
    if has_certificate; then
        return
    fi
    need certbot certbot
    local address=(--register-unsafely-without-email)
    [ -z "$EMAIL" ] || address=(--email "$EMAIL")
    say "asking for a certificate for $DOMAIN"
    if certbot certonly --non-interactive --agree-tos "${address[@]}" --webroot --webroot-path "$ACME" --cert-name perphook \
        --domain "$DOMAIN" --renew-with-new-domains --deploy-hook 'systemctl reload nginx' >"$WORK/certbot.log" 2>&1; then
        changed "certificate for $DOMAIN"
        install_site
    else
        tail -n 12 "$WORK/certbot.log" >&2
        warn "no certificate for $DOMAIN. Its DNS entry must name this server and port 80 be reachable; then run this again"
    fi
}

# --- Service --------------------------------------------------------------------------------------------------------------------------

# Whether it runs, with the program, settings and secrets that are there now.
runs_as_installed() {
    systemctl is-active --quiet perphook && systemctl is-enabled --quiet perphook || return 1
    local since unit
    since=$(systemctl show --timestamp=us+utc --property=ExecMainStartTimestamp --value perphook)
    unit=$(systemctl show --property=FragmentPath --value perphook)
    [ -z "$(find "$BINARY" "$unit" "$SETTINGS" "$CREDENTIALS" -newerct "$since")" ]
}

start_service() {
    has_accounts || return 0
    if runs_as_installed; then
        return
    fi
    say "perphook check:"
    "$ADMIN" check || die "perphook check found mistakes (above): correct $SETTINGS or the files in $CREDENTIALS and run this again"
    systemctl is-enabled --quiet perphook || { systemctl enable --quiet perphook && changed "perphook starts with the machine"; }
    if ! systemctl restart perphook; then
        journalctl --unit perphook --lines 20 --no-pager --output cat >&2
        die "perphook did not start: its last words are above"
    fi
    changed "perphook is running"
}

report() {
    local host=${DOMAIN:-$(hostname -I 2>/dev/null | awk '{ print $1 }')}
    [ "$CHANGES" -gt 0 ] || say "nothing to do: everything is as it should be"
    say ""
    if has_accounts; then
        say "perphook runs:   systemctl status perphook    perphook-admin status    journalctl -u perphook"
    else
        say "perphook is NOT started: it has no keys of Binance. Put them, each alone in a file, into"
        say "    $CREDENTIALS/BINANCE_API_KEY"
        say "    $CREDENTIALS/BINANCE_API_SECRET"
        say "and run this again:   sudo $0"
        say "Accounts of other exchanges, with or without these:   ACCOUNTS_FILE in $SETTINGS, and run this again"
    fi
    say "settings:        $SETTINGS   (then: systemctl restart perphook)"
    say "the token:       sudo cat $CREDENTIALS/WEBHOOK_TOKEN"
    if [ "$NGINX" = no ]; then
        say "webhook:         http://127.0.0.1:$(service_port)/webhook   (your proxy must bring TradingView's port 80 or 443 here)"
        return
    fi
    say "webhook:         https://${host:-this server}/webhook       with the token in the alert's JSON, or"
    say "                 https://${host:-this server}/webhook/TOKEN"
    say "TradingView sends to ports 80 and 443 only, and to 443 only if the certificate is valid."
    if [ -z "$DOMAIN" ]; then
        say "The certificate here is self-signed, so TradingView refuses it: point a domain at this server and run  $0 --domain NAME"
    elif ! has_certificate; then
        say "There is no certificate for $DOMAIN yet, so TradingView refuses this address."
    fi
    [ "$HTTP" = refused ] || say "Alerts over plain http are taken as well: everybody on the way can read the token."
    if command -v ufw >/dev/null && ufw status 2>/dev/null | grep -q '^Status: active'; then
        say "ufw is active: ports 80 and 443 must be open (ufw allow 'Nginx Full')."
    fi
}

install_all() {
    require_machine
    recall_options
    [ -e "$HERE/packaging/perphook.service" ] || die "$HERE/packaging is missing: run this from its source tree"
    [ -z "$GIVEN_ENV" ] || read_env_file
    make_directory "$ETC" 755
    make_directory "$CREDENTIALS" 700
    remember_options
    make_user
    install_program
    take_secrets
    take_settings
    install_nginx
    start_service
    report
}

# --- Removal --------------------------------------------------------------------------------------------------------------------------

# Asks unless perphook itself says that no trade is open.
confirm_removal() {
    [ -x "$ADMIN" ] && [ -n "$(ls -A "$STATE" 2>/dev/null)" ] || return 0
    local status
    status=$("$ADMIN" status 2>&1 || true)
    if grep -qx 'no open trade' <<<"$status"; then
        return
    fi
    say "Trades may be open. Nobody looks after them once perphook is gone; their stops stay on the exchange, as far as they rest there."
    printf '%s\n' "$status"
    [ "$YES" = no ] || return 0
    [ -t 0 ] || die "not removed: say --yes to remove perphook all the same"
    local answer
    read -rp "Remove perphook all the same? [y/N] " answer
    [[ $answer =~ ^[Yy] ]] || die "not removed"
}

remove_nginx_site() {
    command -v nginx >/dev/null || return 0
    if [ -L "$SITE_LINK" ] && is_ours "$SITE"; then
        rm "$SITE_LINK"
    fi
    if [ "$DISTRIBUTION_SITE_DISABLED" = yes ] && [ ! -e "$DISTRIBUTION_SITE" ] && [ -e /etc/nginx/sites-available/default ]; then
        ln -s /etc/nginx/sites-available/default "$DISTRIBUTION_SITE"
    fi
    if systemctl is-active --quiet nginx; then
        systemctl reload nginx || warn "nginx could not be reloaded"
    fi
    rm -f /var/log/nginx/perphook.log*
    if [ -e /etc/letsencrypt/renewal/perphook.conf ] && command -v certbot >/dev/null; then
        certbot delete --non-interactive --cert-name perphook >/dev/null 2>&1 ||
            warn "certbot could not delete the certificate \"perphook\""
    fi
}

remove_files() {
    local path
    if [ -e "$MANIFEST" ]; then
        while read -r _ path; do
            of_a_package "$path" || rm -f "$path"
        done <"$MANIFEST"
    fi
    # Keys that were put there by hand, as this script told.
    for path in "${SECRETS[@]}"; do
        rm -f "${CREDENTIALS:?}/$path"
    done
    rm -f "$MANIFEST"
    for path in "$ACME/.well-known/acme-challenge" "$ACME/.well-known" "$ACME" "$TLS" "$CREDENTIALS" "$ETC"; do
        [ ! -d "$path" ] || rmdir --ignore-fail-on-non-empty "$path"
    done
}

uninstall() {
    require_machine
    recall_options
    if [ ! -d "$ETC" ] && ! of_a_package "$BINARY"; then
        say "nothing to do: perphook is not installed"
    else
        confirm_removal
        systemctl disable --now --quiet perphook 2>/dev/null || true
        remove_nginx_site
        remove_files
        if of_a_package "$BINARY"; then
            PERPHOOK_KEEP_STATE=yes dpkg --purge perphook >/dev/null || die "the package could not be removed"
        fi
        systemctl daemon-reload
        systemctl reset-failed perphook 2>/dev/null || true
        # No file may keep an owner whose number another user could get. systemd hands the directory over again at the next start.
        [ ! -d "$STATE" ] || chown -R root:root "$STATE"
        ! getent passwd perphook >/dev/null || userdel perphook
        say "perphook is removed (nginx and other packages of the distribution stay)"
    fi
    if [ "$ACTION" = purge ]; then
        rm -rf "$STATE"
        say "its state is removed"
    elif [ -d "$STATE" ]; then
        say "its journal and history stay in $STATE (--purge removes them)"
    fi
}

main() {
    parse_command_line "$@"
    umask 022
    WORK=$(mktemp -d)
    trap 'rm -rf "$WORK"' EXIT
    trap 'printf "install.sh: line %s failed: %s\n" "$LINENO" "$BASH_COMMAND" >&2' ERR
    case $ACTION in
        install) install_all ;;
        uninstall | purge) uninstall ;;
    esac
}

main "$@"

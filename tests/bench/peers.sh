# peers.sh - our daemon and the peers, started in a temporary folder: nginx with
# mutual TLS, and git http-backend behind it.  Sourced, with $top, by the
# benchmarks.
. "$top/tests/lib/setup.sh"
. "$top/tests/lib/office.sh"
rounds=${1:-3}
# shellcheck disable=SC2086
install_packages $packages_build $packages_test nginx-light fcgiwrap util-linux || exit
build_in "${VALISE_BUILD:-$top/build-bench}" -Dbuildtype=release -Dtests=false || exit
bench=$build/bench
dir=$(mktemp -d) || exit; chmod 755 "$dir"
pids=()
trap 'stop_daemon "$dir"; for p in "${pids[@]}"; do pkill -P "$p"; kill "$p"; done 2>/dev/null; wait 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
cd "$dir" || exit
export HOME=$dir GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0
unset GIT_SSL_CAINFO GIT_SSL_CAPATH CURL_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR GIT_DIR
make_pki "$dir"; make_daemon "$dir"
sed -i 's/text: 64 MiB/text: 2 GiB/' policies/agreement.yaml
start_daemon "$dir" || exit
enrol "$dir" mofa iom-geneva >/dev/null
at() { o=$1; shift; "$valise" --config "offices/$o/config.yaml" "$@"; }
client=(127.0.0.1 "$(cat port)" offices/mofa/ca.pem offices/mofa/cert.pem offices/mofa/key.pem)
now() { date +%s.%N; }
per_s() { awk -v n="$1" -v a="$2" -v b="$3" 'BEGIN { printf "%.2f", n / (b - a) }'; }
text() { head -c "$1" /dev/urandom | base64 -w 72 | head -c "$1" || true; }
declare -A got
note() { got[$1]+="$2 "; }
median() { tr ' ' '\n' <<<"${got[$1]}" | grep . | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
row() { # WHAT OURS UNIT PEER PEER'S RATIO WANTED
	printf '%-46s %10s %-6s %-30s %10s  %s (wanted %s)\n' "$1" "$2" "$3" "$4" "$5" "$6" "$7"
}
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2fx", b == 0 ? 0 : a / b }'; }

# --- Peers: nginx with mutual TLS, and git http-backend behind it. ---
nport=$("$valised_port_helper")
mkdir -p ngx www srv; head -c 1024 /dev/zero | tr '\0' a >www/small
chown -R nobody:nogroup ngx srv 2>/dev/null
cat >nginx.conf <<END
daemon off; worker_processes 2; pid $dir/ngx/pid; error_log $dir/ngx/error.log warn;
$([ "$(id -u)" = 0 ] && echo "user nobody nogroup;")
events { worker_connections 1024; }
http {
  access_log off; sendfile on; tcp_nodelay on; keepalive_requests 100000000; client_max_body_size 512m;
  client_body_temp_path $dir/ngx/b; proxy_temp_path $dir/ngx/p; fastcgi_temp_path $dir/ngx/f;
  uwsgi_temp_path $dir/ngx/u; scgi_temp_path $dir/ngx/s;
  server {
    listen 127.0.0.1:$nport ssl; root $dir/www;
    ssl_certificate $dir/certs/server.pem; ssl_certificate_key $dir/ngx-server.key; ssl_protocols TLSv1.3;
    ssl_client_certificate $dir/certs/mofa-ca.pem; ssl_verify_client on;
    location /git/ {
      fastcgi_pass unix:$dir/fcgi.sock; fastcgi_read_timeout 300s;
      fastcgi_param SCRIPT_FILENAME /usr/lib/git-core/git-http-backend;
      fastcgi_param GIT_PROJECT_ROOT $dir/srv; fastcgi_param GIT_HTTP_EXPORT_ALL 1;
      fastcgi_param REQUEST_METHOD \$request_method; fastcgi_param QUERY_STRING \$query_string;
      fastcgi_param CONTENT_TYPE \$content_type; fastcgi_param CONTENT_LENGTH \$content_length;
      fastcgi_param REMOTE_USER \$ssl_client_s_dn;
      rewrite ^/git(/.*)\$ \$1 break; fastcgi_param PATH_INFO \$fastcgi_script_name;
    }
  }
}
END
cp data/server/server.key ngx-server.key
nginx -c "$dir/nginx.conf" -p "$dir/" 2>ngx.log & pids+=($!)
if [ "$(id -u)" = 0 ]; then HOME=$dir/srv setpriv --reuid=nobody --regid=nogroup --clear-groups fcgiwrap -c 4 -s "unix:$dir/srv/../fcgi.sock" >fcgi.log 2>&1 &
else fcgiwrap -c 4 -s "unix:$dir/fcgi.sock" >fcgi.log 2>&1 & fi
pids+=($!)
[ "$(id -u)" != 0 ] || chmod 777 "$dir"
peer=(127.0.0.1 "$nport" offices/mofa/ca.pem offices/mofa/cert.pem offices/mofa/key.pem)
for _ in $(seq 100); do [ -S fcgi.sock ] && break; sleep 0.05; done
if [ ! -S fcgi.sock ] && [ "$(id -u)" = 0 ]; then HOME=$dir/srv setpriv --reuid=nobody --regid=nogroup --clear-groups fcgiwrap -c 4 -s "unix:$dir/fcgi.sock" >fcgi.log 2>&1 & pids+=($!); for _ in $(seq 100); do [ -S fcgi.sock ] && break; sleep 0.05; done; fi
chmod 666 fcgi.sock
git config --global http.sslCert "$dir/offices/mofa/cert.pem"
git config --global http.sslKey "$dir/offices/mofa/key.pem"
git config --global http.sslCAInfo "$dir/certs/mofa-ca.pem"
git config --global safe.directory '*'; git config --global user.name p; git config --global user.email p@peer.example
git init -q --bare srv/r.git
for kv in http.receivepack=true core.fsync=all core.fsyncMethod=fsync gc.auto=0 receive.autogc=false; do
	git -C srv/r.git config "${kv%%=*}" "${kv#*=}"
done
[ "$(id -u)" = 0 ] && chown -R nobody:nogroup srv

# peers.sh - our daemon and the peers, started in a temporary folder: nginx with
# mutual TLS, and git http-backend behind it.  Sourced, with $top, by the
# benchmarks.  Where nginx or fcgiwrap is not there, $have_nginx is empty.
. "$top/tests/bench/common.sh"
have_nginx=
for need in nginx fcgiwrap setpriv; do
	command -v $need >/dev/null || install_packages nginx-light fcgiwrap util-linux || break
done
command -v nginx >/dev/null && command -v fcgiwrap >/dev/null && have_nginx=yes
nginx_name() { if [ -n "$have_nginx" ]; then echo "$1"; else echo "nginx or fcgiwrap is not installed"; fi; }
[ -n "$have_nginx" ] || return 0

# --- Peers: nginx with mutual TLS, and git http-backend behind it. ---
nport=$("$valised_port_helper")
mkdir -p ngx srv
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

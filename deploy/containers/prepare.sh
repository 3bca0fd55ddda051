#!/bin/sh
# Before the site starts, and after each new image: tables, static files, error pages and nginx's configuration.
set -eu
manage() { .venv/bin/python manage.py "$@"; }

manage check --deploy --fail-level WARNING
manage migrate --noinput
manage collectstatic --noinput --verbosity 0

set -- --brotli --page-cache /var/cache/nginx-streamsite --logs /var/log/nginx
for node in 1 2 3; do
    set -- "$@" --node "unix:/run/streamsite/node-$node.sock"
done
# without a certificate nginx answers plain http, and ACME challenges
if [ -e /run/certificates/fullchain.pem ]; then
    set -- "$@" --certificate /run/certificates/fullchain.pem --key /run/certificates/privkey.pem
fi
manage nginx_config --output /etc/nginx/conf.d/streamsite.conf "$@"

#!/bin/sh
# What the browser and database tests need from Debian.
exec sh "$(dirname "$0")/packages.sh" chromium fonts-noto-cjk gettext logrotate nginx libnginx-mod-http-brotli-filter strace mariadb-server default-libmysqlclient-dev pkg-config gcc openssl vlc-bin vlc-plugin-base

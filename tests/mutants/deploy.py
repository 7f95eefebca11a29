"""What stands around the server: its front, its sandbox, its containers, its releases."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

NGINX = "deploy/nginx.conf"
COMPOSE = "deploy/compose.yaml"
T_NGINX = "tests/deploy/test_nginx.py"
T_SYSTEMD = "tests/deploy/test_systemd.py"
T_CONTAINERS = "tests/deploy/test_containers.py"

MUTANTS = [
    Mutant(
        "what a client says of itself does not pass the front",
        NGINX,
        "proxy_set_header X-Forwarded-For $remote_addr;",
        "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
        T_NGINX,
    ),
    Mutant(
        "no query in the front's log",
        NGINX,
        '"$request_method $uri $server_protocol"',
        '"$request"',
        T_NGINX,
    ),
    Mutant(
        "no code in the front's error log",
        NGINX,
        "    # is written. The log above has their states.\n"
        "    error_log /var/log/nginx/two-doors.error.log emerg;",
        "    error_log /var/log/nginx/two-doors.error.log error;",
        T_NGINX,
    ),
    Mutant(
        "no address in the front's log",
        NGINX,
        "$1.0/24;",
        "$remote_addr;",
        T_NGINX,
    ),
    Mutant(
        "no address in nginx's own log",
        NGINX,
        "    access_log off;                 # nginx's own would have addresses\n",
        "",
        T_NGINX,
    ),
    Mutant(
        "old TLS refused before the name is known",
        NGINX,
        "ssl_protocols TLSv1.2 TLSv1.3;  # negotiated before the name is known",
        "# negotiated before the name is known",
        T_NGINX,
    ),
    Mutant(
        "counters are not for strangers",
        NGINX,
        "location = /metrics {\n        return 404;",
        "location = /metrics {\n        proxy_pass http://two_doors;",
        T_NGINX,
    ),
    Mutant(
        "the server's sandbox",
        "deploy/systemd/two-doors.service",
        "SystemCallFilter=~@privileged @resources\n",
        "",
        T_SYSTEMD,
    ),
    Mutant(
        "root runs nothing that the builder can write",
        "deploy/systemd/two-doors-prune.service",
        "ExecStart=/usr/local/sbin/two-doors prune",
        "ExecStart=/srv/two-doors/current/deploy/manage.sh prune",
        T_SYSTEMD,
    ),
    Mutant(
        "no command outside of the sandbox",
        "deploy/manage.sh",
        "*User=*) ;;",
        "*) ;;",
        T_SYSTEMD,
    ),
    Mutant(
        "migrate holds no lock that turns wait for",
        "deploy/manage.sh",
        "lock_timeout=2s",
        "lock_timeout=0",
        T_SYSTEMD,
    ),
    Mutant(
        "a backup that fails is told",
        "deploy/systemd/two-doors-backup.service",
        "OnFailure=two-doors-failed@backup.service\n",
        "",
        T_SYSTEMD,
    ),
    Mutant(
        "a certificate that nobody renewed is noticed",
        "deploy/certificate.sh",
        " -checkend $((days * 86400))",
        "",
        T_SYSTEMD,
    ),
    Mutant(
        "back is the release before",
        "deploy/use.sh",
        ' && [ "$before" != "releases/$name" ]',
        "",
        "tests/deploy/test_releases.py",
    ),
    Mutant(
        "database and cache have no way out",
        COMPOSE,
        "  data:\n    internal: true",
        "  data: {}",
        T_CONTAINERS,
    ),
    Mutant(
        "a container's root is read-only",
        COMPOSE,
        "  read_only: true\n",
        "  read_only: false\n",
        T_CONTAINERS,
    ),
    Mutant(
        "no secret of the checkout reaches an image",
        ".dockerignore",
        "deploy/secrets\n",
        "",
        T_CONTAINERS,
    ),
    Mutant(
        "a release that is not whole is never current",
        "deploy/use.sh",
        '[ -f "$folder/releases/$name/.installed" ]',
        '[ -d "$folder/releases/$name" ]',
        "tests/deploy/test_releases.py",
    ),
    Mutant(
        "no command fills a database that nobody serves",
        "companion/settings.py",
        '    _database["ENGINE"] = "companion.no_database"\n',
        "    pass\n",
        "tests/companion/test_no_database.py",
    ),
    Mutant(
        "people are told of backups, or somebody is told that they are not",
        "companion/checks.py",
        "if settings.BACKUP_DAYS_ARE_GIVEN:",
        "if True:",
        "tests/companion/test_checks.py",
    ),
    Mutant(
        "people are told how long the log is kept",
        "templates/companion/privacy.html",
        "{% if log_days %}",
        "{% if False %}",
        "tests/companion/test_pages.py",
    ),
]

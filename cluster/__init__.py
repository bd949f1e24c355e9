"""The site on several machines, all of them this one: HAProxy, two nodes, PgBouncer, three PostgreSQL servers under
Patroni, etcd and Redis (`make cluster`)."""

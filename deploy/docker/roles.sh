#!/bin/sh
# PostgreSQL's image runs this once, on an empty data folder: the database, its owner, and a login for each role.
# What the roles may do is for the migrations (migrations/sql/roles.sql).
set -eu
read_secret() { tr -d '\n' < "/run/secrets/$1"; }

psql -v ON_ERROR_STOP=1 -U postgres \
  -v owner="$(read_secret owner_password)" -v web="$(read_secret web_password)" \
  -v sealer="$(read_secret sealer_password)" -v results="$(read_secret results_password)" <<'SQL'
CREATE ROLE sv_owner LOGIN PASSWORD :'owner';
CREATE ROLE sv_web LOGIN PASSWORD :'web';
CREATE ROLE sv_sealer LOGIN PASSWORD :'sealer';
CREATE ROLE sv_results LOGIN PASSWORD :'results';
CREATE ROLE sv_auditor NOLOGIN;
CREATE DATABASE smart_voting OWNER sv_owner TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';
REVOKE ALL ON DATABASE smart_voting FROM PUBLIC;
GRANT CONNECT ON DATABASE smart_voting TO sv_web, sv_sealer, sv_results, sv_auditor;
\connect smart_voting
ALTER SCHEMA public OWNER TO sv_owner;
SQL

#!/bin/sh
# deployer 0.1.0: push of polls (production)
# shellcheck disable=SC2034 # not every kind of run uses every value
{
  APP='polls'
  ENVIRONMENT='production'
  ROOT='/opt/polls'
  RUNAS='polls'
  OWNER='polls-deploy'
  KIND='push'
  WORK='worker'
  STATE='/opt/polls/.deployer'
  WORKERS='5'
  BOOT='20'
  DECIDE='30'
  HEALTH_HOST='polls.example.com'
  HEALTH_PATH='/up'
  HEALTH_LOW='200'
  HEALTH_HIGH='200'
  HEALTH_TIMEOUT='5'
  NGINX_PORT='8080'
...

plan_prepare() {
  step 'check' check_host
  step 'fetch' fetch 'ssh://git@git.example.com:2222/acme/polls.git' 'release/it'\''s' '3f2a1bc93f2a1bc93f2a1bc93f2a1bc93f2a1bc9' 'no'
  step 'export' export_release '3f2a1bc93f2a1bc93f2a1bc93f2a1bc93f2a1bc9'
  step 'virtualenv' virtualenv '3.12' 'uv' '' 'yes' 'gunicorn==27.0.1' 'base.txt' 'web.txt'
  step 'environment' environment
  step 'link' link_release 'var' 'media'
  step 'static' publish_static '/static/' 'assets'
  step 'units' check_system unit_a unit_b trial recover tmpfiles recover_script site
  step 'import' import_gate "$part"
  step 'decide' decide replace "$part" yes 50
  step 'seal' seal '"app":"polls","branch":"release/it'\''s","environment":"production","revision":"3f2a1bc93f2a1bc93f2a1bc93f2a1bc93f2a1bc9","workers":5'
  :
}
plan_activate() { go; }
plan_finish() {
  run_step 'drain' drain
  run_step 'record' history live
  run_step 'prune' prune 3
  :
}

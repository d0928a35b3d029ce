#!/bin/sh
# deployer 0.1.0: push of polls (production)
# shellcheck disable=SC2034 # not every kind of run uses every value
{
  APP='polls'
  ENVIRONMENT='production'
  ROOT='/srv/polls'
  RUNAS='polls'
  OWNER='deploy'
  KIND='push'
  WORK='worker'
  STATE='/srv/polls/.deployer'
  WORKERS='3'
  BOOT='60'
  DECIDE='120'
  HEALTH_HOST='polls.example.com'
  HEALTH_PATH='/'
  HEALTH_LOW='100'
  HEALTH_HIGH='499'
  HEALTH_TIMEOUT='5'
  NGINX_PORT='80'
...

plan_prepare() {
  step 'check' check_host
  step 'fetch' fetch 'https://github.com/acme/polls.git' 'main' '3f2a1bc93f2a1bc93f2a1bc93f2a1bc93f2a1bc9' 'no'
  step 'export' export_release '3f2a1bc93f2a1bc93f2a1bc93f2a1bc93f2a1bc9'
  step 'virtualenv' virtualenv '' 'auto' '' 'no' 'gunicorn==27.0.1' 'requirements.txt'
  step 'environment' environment
  step 'link' link_release
  step 'units' check_system unit_a unit_b trial recover tmpfiles recover_script site
  step 'trial' trial "$part"
  step 'decide' decide auto "$part" no 200
  step 'seal' seal '"app":"polls","branch":"main","environment":"production","revision":"3f2a1bc93f2a1bc93f2a1bc93f2a1bc93f2a1bc9","workers":3'
  :
}
plan_activate() { go; }
plan_finish() {
  run_step 'drain' drain
  run_step 'record' history live
  run_step 'prune' prune 5
  :
}

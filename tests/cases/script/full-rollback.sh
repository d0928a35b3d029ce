#!/bin/sh
# deployer 0.1.0: rollback of polls (production)
# shellcheck disable=SC2034 # not every kind of run uses every value
{
  APP='polls'
  ENVIRONMENT='production'
  ROOT='/opt/polls'
  RUNAS='polls'
  OWNER='polls-deploy'
  KIND='rollback'
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
  step 'choose' choose ''
  step 'units' restore_system unit_a unit_b trial recover tmpfiles recover_script site
  step 'import' import_gate "$part"
  step 'decide' decide replace "$part" yes 50
  :
}
plan_activate() { go; }
plan_finish() {
  run_step 'drain' drain
  run_step 'record' history live
  run_step 'prune' prune 3
  :
}

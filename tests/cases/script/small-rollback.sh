#!/bin/sh
# deployer 0.1.0: rollback of polls (production)
# shellcheck disable=SC2034 # not every kind of run uses every value
{
  APP='polls'
  ENVIRONMENT='production'
  ROOT='/srv/polls'
  RUNAS='polls'
  OWNER='deploy'
  KIND='rollback'
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
  step 'choose' choose ''
  step 'units' restore_system unit_a unit_b trial recover tmpfiles recover_script site
  step 'trial' trial "$part"
  step 'decide' decide auto "$part" no 200
  :
}
plan_activate() { go; }
plan_finish() {
  run_step 'drain' drain
  run_step 'record' history live
  run_step 'prune' prune 5
  :
}

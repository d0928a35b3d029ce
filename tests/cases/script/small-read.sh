#!/bin/sh
# deployer 0.1.0: read of polls (production)
# shellcheck disable=SC2034 # not every kind of run uses every value
{
  APP='polls'
  ENVIRONMENT='production'
  ROOT='/srv/polls'
  RUNAS='polls'
  OWNER='deploy'
  KIND='read'
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
}
...

plan_read() {
  show_state
  :
}

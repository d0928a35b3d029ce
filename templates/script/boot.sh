# Starts the workers that ran before the host went down, each in the release that is live now.
# .deployer/workers lists them: a name and a number.
set -u

while read -r name number; do
  # Each waits for what it has to start after, and none for another.
  # shellcheck disable=SC2086 # a program and its options
  $START "$APP-worker-$name@$number.service" </dev/null &
done <"$ROOT/.deployer/workers"
wait

# A host that speaks the protocol and changes nothing. $record and $behave are set above this text.
# shellcheck shell=sh disable=SC1010,SC2154
IFS=' ' read -r nonce length _ _
env=$(head -c "$length")
mode=$1 id=$2
rm -rf "${0%/*}"

say() { printf '\n@%s %s\n' "$nonce" "$*"; }
event() { say "$@" >>"$record"; say "$@"; }
end() { event end "$@"; exit 0; }

if [ "$mode" = ask ]; then
  say hello proto=1 run="$id" login=me machine=fake
  [ -f "$record" ] || { say state value=unknown; exit 0; }
  cat "$record"
  if grep -q "^@$nonce end " "$record"; then say state value=ended; else say state value=running; fi
  exit 0
fi

event hello proto=1 run="$id" login=me machine=fake
[ "$mode" = read ] && { echo "env $env"; end done; }
event step virtualenv
echo "output of a step"
case $behave in
  fail) event done virtualenv rc=1 cs=10; event failed virtualenv reason=pip; end prepare-failed ;;
  die) exit 9 ;;
  # Away from the connection, as a real run is.
  linger) ( trap '' PIPE HUP; sleep 1; event end aborted ) >/dev/null 2>&1 </dev/null & sleep 5 ;;
esac
event done virtualenv rc=0 cs=10
case $behave in
  never-ready) ;;
  # Ends only with its input.
  deaf) event ready; cat >/dev/null; exit 0 ;;
  *) event ready ;;
esac

went=
while IFS= read -r line; do
  case $line in
    "abort $id") [ "$went" ] || end aborted ;;
    "go $id")
      went=1
      [ "$behave" = broken ] && end restored
      if [ "$behave" = cut ]; then
        ( sleep 0.5; event live release=r2 revision=abc previous=r1; event end live ) >/dev/null 2>&1 </dev/null &
        exit 0
      fi
      event live release=r2 revision=abc previous=r1 ;;
    "finish $id") end live ;;
    "revert $id") end reverted ;;
  esac
done
event end aborted

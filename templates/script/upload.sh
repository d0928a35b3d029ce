# --- upload: static files to a storage that the client has the keys of ---

# upload_static NAME: tells the client what this release has, and puts what it signed addresses for. What is there already
# is left alone, so that an upload that was cut goes on where it was.
upload_static() {
  send offer >"$run/offer" || { fail upload-program; return 1; }
  tell_offer
  # The client lists the bucket now, a thousand names at a time.
  await_answer 300 || { fail upload-unanswered; return 1; }
  whole_offer || return 1
  if [ "$(head -c 16 "$run/answer")" = '{"put":[]}' ]; then
    rm -f "$run/answer"
    ev "fact upload files=0 of=0 bytes=0 total=0"
    return 0
  fi
  : >"$run/sent"
  send answer | while IFS= read -r line; do
    case $line in
      'progress '*) ev "fact upload ${line#* }" ;;
      *) printf '%s\n' "$line" >"$run/sent" ;;
    esac
  done
  last=$(cat "$run/sent")
  case $last in
    done) ;;
    'fail '*) fail "${last#fail }"; return 1 ;;
    *) fail upload-program; return 1 ;;
  esac
}

send() { python3 -I -S -c "$UPLOAD_PY" "$1" "$run" "$ROOT/.deployer/uploaded"; }

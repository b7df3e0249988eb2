set -u

API=${DAYFLY_URL:-http://127.0.0.1:8403}
NEWLINE='
'
answer='' data=''

give_up() {
  printf 'not reproduced: %s\n' "$*" >&2
  exit 2
}

# field NAME: prints that string in the last answer.
field() { printf '%s' "$answer" | sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }

# admin PATH JSON [METHOD]: calls the control API.
admin() {
  answer=$(curl -sS --fail-with-body -X "${3:-POST}" -H 'Content-Type: application/json' \
    -H "Authorization: Bearer ${DAYFLY_ADMIN_TOKEN:-none}" --data-raw "$2" "$API/__admin$1") ||
    give_up "is there a mock at $API? Start one with: dayfly serve. $answer"
}

# world PATH JSON [METHOD]: the same, for the organisation of this script.
world() { admin "/organizations/$ORGANIZATION$1" "$2" "${3:-POST}"; }

# advance SECONDS: moves the organisation's clock, which is frozen otherwise.
advance() { world /clock/advance "{\"seconds\": $1}"; }

# call WORDS EXPECTED METHOD PATH CURL-OPTION...: sends a request with the body $data, and checks that the answer is EXPECTED.
call() {
  words=$1 expected=$2 method=$3 path=$4 && shift 4
  case $method in
  HEAD) set -- "$@" --head ;;
  GET) set -- "$@" --get ;;
  *) set -- "$@" --request "$method" --data-binary @- ;;
  esac
  answer=$(printf '%s' "$data" | curl -s -g --path-as-is -w '\n%{http_code}' "$@" "$API$path")
  case $? in 0) status=${answer##*"$NEWLINE"} ;; 18) status='cut' ;; *) status='none' ;; esac
  printf '%-64s  %s\n' "$words" "$status"
  [ "$status" = "$expected" ] || give_up "the answer was $expected before, and is $status now"
}

set -u
export LC_ALL=C

API=${1:-${DAYFLY_URL:-{url}}}
API=${API%/} ORGANIZATION='' NEWLINE='
'
answer='' body='' data='' status='' reason=''

different() { printf 'different: %s\n' "$*" >&2 && exit 1; }
give_up() { printf 'could not be checked: %s\n' "$*" >&2 && exit 2; }

# admin METHOD PATH JSON: calls the control API.
admin() {
  body=$(curl -sS --fail-with-body -X "$1" -H 'Content-Type: application/json' \
    -H "Authorization: Bearer ${DAYFLY_ADMIN_TOKEN:-none}" --data-raw "$3" "$API/__admin$2") ||
    give_up "is there a mock at $API? Start one with: dayfly serve. $body"
}

# world METHOD PATH JSON: the same, for the organisation of this script.
world() { admin "$1" "/organizations/$ORGANIZATION$2" "$3"; }

# The organisation is deleted at the end, unless DAYFLY_KEEP is set.
leave() { [ -z "$ORGANIZATION" ] || [ -n "${DAYFLY_KEEP:-}" ] || (world DELETE '' ''); }
trap leave EXIT

# field NAME: prints that string in the last body.
field() { printf '%s' "$body" | sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }

# header NAME: prints that header of the last answer.
header() { printf '%s\n' "$answer" | tr -d '\r' | sed '/^$/q' | grep -i "^$1: " | cut -d ' ' -f 2-; }

# encoded TEXT: prints it in base64url.
encoded() { printf '%s' "$1" | base64 | tr -d '=\n' | tr '+/' '-_'; }

# fill SIZE: pads $data with spaces to so many bytes.
fill() { [ "$1" -le "${#data}" ] || data=$(printf '%s' "$data" && printf "%$(($1 - ${#data}))s" ''); }

# call WORDS METHOD ADDRESS CURL-OPTION...: sends a request with the body $data.
call() {
  words=$1 method=$2 address=$3 && shift 3
  case $method in
  HEAD) set -- "$@" --head ;;
  GET) set -- "$@" --get ;;
  *) set -- "$@" --request "$method" --data-binary @- ;;
  esac
  answer=$(printf '%s' "$data" | curl -s -g -i --http1.1 --path-as-is -H 'Expect:' -w '\n%{http_code}' "$@" "$API$address")
  case $? in
  0) status=${answer##*"$NEWLINE"} ;;
  6 | 7) give_up "$API cannot be reached" ;;
  18) status='cut' ;;
  *) status='none' ;;
  esac
  answer=${answer%"$NEWLINE"*}
  body=${answer##*"$NEWLINE"}
  reason=$(header dayfly-reason)
  printf '%-64s  %s\n' "$words" "$status${reason:+ $reason}"
}

# expect STATUS [CODE [REASON [RETRY-AFTER]]]: checks the last answer; - is anything. A provider need not give reasons.
expect() {
  [ "$status" = "$1" ] || different "expected $1, got $status. $body"
  case ${2:--} in - | "$(field code)" | "$(field error)") ;; *) different "expected the code $2. $body" ;; esac
  case ${3:--} in - | "${reason:-$3}") ;; *) different "expected $3, got $reason" ;; esac
  case ${4:--} in - | "$(header retry-after)") ;; *) different "expected Retry-After $4, got $(header retry-after)" ;; esac
}

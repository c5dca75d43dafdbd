# Completes the commands of waybill, their options, of which it asks the program
# itself, and the values of those that have but a few.

_waybill() {
  local program=$1 word=$2 before=$3 words
  local -a command=()
  ((COMP_CWORD > 1)) && command=("${COMP_WORDS[1]}")
  [[ ${command[0]-} = key ]] && ((COMP_CWORD > 2)) && command+=("${COMP_WORDS[2]}")
  # A = is a word of its own.
  [[ $before = = ]] && before=${COMP_WORDS[COMP_CWORD - 2]}

  case $before in
    --auth) words="none jwt" ;;
    --jwt-alg) words="HS256 RS256 ES256" ;;
    --load) words="unicast broadcast connect idle" ;;
    --log-format) words="text json" ;;
    --log-level) words="debug info warn error" ;;
    --receipt) words="routed written received" ;;
    --same-id) words="all newest-per-node newest" ;;
    --scope) words="push presence kick admin" ;;
    --slow-consumer) words="close drop-oldest" ;;
    --upstream) words="log echo redis" ;;
    *)
      if [[ $word = -* ]]; then
        words=$("$program" "${command[@]}" --help 2> /dev/null \
          | sed -nE 's/^ +(-[A-Za-z],)?(--[a-z0-9-]+).*/\2/p')
      elif ((COMP_CWORD == 1)) || [[ $before = key ]]; then
        words=$("$program" "${command[@]}" --help 2> /dev/null \
          | sed -nE 's/^ +([a-z][a-z-]*)  .*/\1/p')
      else
        compopt -o filenames 2> /dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
      fi
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -F _waybill waybill

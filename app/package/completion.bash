# Completes the commands of waybill, their options, of which it asks the program
# itself, and the values of those that have but a few.

_waybill_contexts() {
  local file
  for file in "${XDG_CONFIG_HOME:-$HOME/.config}"/waybill/*.toml; do
    [[ -e $file ]] && basename "$file" .toml
  done
}

_waybill() {
  local program=$1 word=$2 before=$3 words
  local -a command=()
  ((COMP_CWORD > 1)) && command=("${COMP_WORDS[1]}")
  case ${command[0]-},${COMP_WORDS[2]-} in
    key,create | key,list | key,revoke | token,check)
      ((COMP_CWORD > 2)) && command+=("${COMP_WORDS[2]}")
      ;;
  esac
  # A = is a word of its own.
  [[ $before = = ]] && before=${COMP_WORDS[COMP_CWORD - 2]}

  case $before in
    --auth) words="none jwt" ;;
    --context) words=$(_waybill_contexts) ;;
    --jwt-alg) words="HS256 RS256 ES256" ;;
    --load) words="unicast broadcast connect idle" ;;
    --log-format) words="text json" ;;
    --log-level) words="debug info warn error" ;;
    --receipt) words="routed written received" ;;
    --same-id) words="all newest-per-node newest" ;;
    --scope) words="push presence kick admin" ;;
    --slow-consumer) words="close drop-oldest" ;;
    --upstream) words="log echo redis stream" ;;
    *)
      if [[ $word = -* ]]; then
        words=$("$program" "${command[@]}" --help 2> /dev/null \
          | sed -nE 's/^ +(-[A-Za-z],)?(--[a-z0-9-]+).*/\2/p')
      elif [[ ${command[*]-} = completion ]]; then
        words="bash zsh"
      elif ((COMP_CWORD == 1)) || [[ $COMP_CWORD,$before = 2,key || $COMP_CWORD,$before = 2,token ]]; then
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

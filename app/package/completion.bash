# Completes the commands of waybill and their options, of which it asks the
# program itself.

_waybill() {
  local program=$1 word=$2 before=$3 words
  local -a command=()
  ((COMP_CWORD > 1)) && command=("${COMP_WORDS[1]}")
  [[ ${command[0]-} = key ]] && ((COMP_CWORD > 2)) && command+=("${COMP_WORDS[2]}")

  if [[ $word = -* ]]; then
    words=$("$program" "${command[@]}" --help 2> /dev/null \
      | sed -nE 's/^ +(-[a-z],)?(--[a-z0-9-]+).*/\2/p')
  elif ((COMP_CWORD == 1)) || [[ $before = key ]]; then
    words=$("$program" "${command[@]}" --help 2> /dev/null \
      | sed -nE 's/^ +([a-z][a-z-]*)  .*/\1/p')
  else
    compopt -o filenames 2> /dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
    return
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -F _waybill waybill

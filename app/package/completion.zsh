#compdef waybill
# Completes the commands of waybill and their options, of which it asks the
# program itself.

_waybill() {
  local -a command found
  ((CURRENT > 2)) && command=($words[2])
  [[ $command[1] = key ]] && ((CURRENT > 3)) && command+=($words[3])

  if [[ $PREFIX = -* ]]; then
    found=(${(f)"$(_call_program options $words[1] $command --help 2> /dev/null \
      | sed -nE 's/^ +(-[a-z],)?(--[a-z0-9-]+)[^ ]*( TEXT[^ ]*| \.\.\.)* *(.*)/\2:\4/p')"})
    _describe -o option found
  elif ((CURRENT == 2)) || [[ $words[CURRENT-1] = key ]]; then
    found=(${(f)"$(_call_program commands $words[1] $command --help 2> /dev/null \
      | sed -nE 's/^ +([a-z][a-z-]*)  +(.*)/\1:\2/p')"})
    _describe command found
  else
    _files
  fi
}

_waybill "$@"

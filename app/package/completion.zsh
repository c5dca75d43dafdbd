#compdef waybill
# Completes the commands of waybill, their options, of which it asks the program
# itself, and the values of those that have but a few.

_waybill() {
  local -a command found
  ((CURRENT > 2)) && command=($words[2])
  [[ $command[1],$words[3] = (key,(create|list|revoke)|token,check) ]] \
    && ((CURRENT > 3)) && command+=($words[3])

  case $words[CURRENT-1] in
    --auth) found=(none jwt) ;;
    --context) found=(${XDG_CONFIG_HOME:-$HOME/.config}/waybill/*.toml(N:t:r)) ;;
    --jwt-alg) found=(HS256 RS256 ES256) ;;
    --load) found=(unicast broadcast connect idle) ;;
    --log-format) found=(text json) ;;
    --log-level) found=(debug info warn error) ;;
    --receipt) found=(routed written received) ;;
    --same-id) found=(all newest-per-node newest) ;;
    --scope) found=(push presence kick admin) ;;
    --slow-consumer) found=(close drop-oldest) ;;
    --upstream) found=(log echo redis stream) ;;
  esac

  if (($#found)); then
    _describe value found
  elif [[ $PREFIX = -* ]]; then
    found=(${(f)"$(_call_program options $words[1] $command --help 2> /dev/null \
      | sed -nE 's/^ +(-[A-Za-z],)?(--[a-z0-9-]+)[^ ]*( TEXT[^ ]*| \.\.\.)* *(.*)/\2:\4/p')"})
    _describe -o option found
  elif [[ $command = completion ]]; then
    found=(bash zsh)
    _describe shell found
  elif ((CURRENT == 2)) || [[ $CURRENT,$words[2] = 3,(key|token) ]]; then
    found=(${(f)"$(_call_program commands $words[1] $command --help 2> /dev/null \
      | sed -nE 's/^ +([a-z][a-z-]*)  +(.*)/\1:\2/p')"})
    _describe command found
  else
    _files
  fi
}

_waybill "$@"

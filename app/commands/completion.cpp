#include "app/commands/completion.hpp"

#include <iostream>

#include "app/options/cli.hpp"

namespace waybill::app {

int run_completion(std::vector<std::string> arguments) {
  CLI::App parser{"Prints the completion for a shell, which asks this program "
                  "for commands and options.",
                  "waybill completion"};
  std::string shell;
  parser.add_option("SHELL", shell, "bash or zsh")->required();
  add_examples(parser, {"waybill completion bash > "
                        "~/.local/share/bash-completion/completions/waybill",
                        "waybill completion zsh > ~/.zfunc/_waybill"});
  if (auto code = parse(parser, std::move(arguments)))
    return *code;
  if (shell != "bash" && shell != "zsh")
    return fail(2, "write bash or zsh, not '" + shell + "'");
  std::cout << completion_of(shell == "zsh");
  return 0;
}

} // namespace waybill::app

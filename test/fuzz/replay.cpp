// The main function of targets that are built without libFuzzer: runs a target
// on each seed, as a regression test.

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "test/fuzz/require.hpp"

int main(int argc, char** argv) {
  size_t files = 0;
  for (int i = 1; i < argc; ++i)
    for (auto& entry : std::filesystem::directory_iterator{argv[i]}) {
      std::cout << entry.path().string() << std::endl;
      std::ifstream in{entry.path(), std::ios::binary};
      std::string bytes{std::istreambuf_iterator<char>{in}, {}};
      LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()),
                             bytes.size());
      ++files;
    }
  std::cout << files << " inputs\n";
  return files > 0 ? 0 : 1;
}

// The main function of all suites of a room; `-s NAME` runs one of them.
#define CAF_TEST_MAIN
#include <caf/test/unit_test.hpp>
#include <caf/test/unit_test_impl.hpp>

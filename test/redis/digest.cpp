#define CAF_SUITE digest

#include "redis/digest.hpp"

#include <caf/test/dsl.hpp>

namespace digest_suite {

using namespace waybill::redis;

// The examples of FIPS 180-2.

CAF_TEST(SHA 1 is that of the standard) {
  CAF_CHECK_EQUAL(sha1(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  CAF_CHECK_EQUAL(sha1("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  CAF_CHECK_EQUAL(
    sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
    "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
}

CAF_TEST(SHA 256 is that of the standard) {
  CAF_CHECK_EQUAL(
    sha256(""),
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CAF_CHECK_EQUAL(
    sha256("abc"),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CAF_CHECK_EQUAL(
    sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

CAF_TEST(bytes are digested whatever they are) {
  std::string zero(1, '\0');
  CAF_CHECK_EQUAL(sha1(zero), "5ba93c9db0cff93f52b521d7420e43f6eda2784f");
  CAF_CHECK_NOT_EQUAL(sha1(zero), sha1(""));
  CAF_CHECK_NOT_EQUAL(sha256(zero + "\xff"), sha256(zero + "\xfe"));
}

CAF_TEST(a long text is digested as a whole) {
  std::string text(1'000'000, 'a');
  CAF_CHECK_EQUAL(sha1(text), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
  CAF_CHECK_EQUAL(
    sha256(text),
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

} // namespace digest_suite

#define CAF_SUITE tokens

#include "net/auth/tokens.hpp"

#include <memory>

#include <caf/test/dsl.hpp>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

namespace tokens_suite {

using namespace waybill::net;
using namespace std::chrono_literals;
using namespace std::string_literals;
using std::chrono::system_clock;

namespace {

/// A key of 2048 bits for this test alone: to make one takes too long.
const std::string rsa_key = R"(-----BEGIN PRIVATE KEY-----
MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCZLEIcGAUHs7Qv
+gC4w8hy36ROtWokJLNUp+J8in53qxtlodqyjzDE7zVPBQprOONuwV7orwHwH+ox
hGKFE4SntHrT6CK5NCcoW3HKl8s4jlfLcRXX+lAfvEv6QVEp1zgYx12d9VPcPZI7
h5EsZERpEvWIru+cJ7tK/uYKj/7IjM3fE6KJPOcoij6of079llmsmGiIAoKO+A2o
CmIHwFVvuObaesGycwTXFDw//UbiHK66ptKOBwbSOxxPDWmMItxZftc4jO9ZBNzY
2IFfrJC0BcsQkbHMT+Bs2RuwCn8DiQV+M01lKl5+korq69Lbia4RYfyQil91/rSt
hFWpwN6vAgMBAAECggEASLcCC2Q7vxRIjh4ZCZ2oIyCYV+U3pkDmAWJR2t3Ee/r2
3qCfufTQKi2FGSZDc/NlxMZ3z+6E9QGxpCA8xQAnEZZUWRTypwljLX1737l/+DFa
7HGa9RUXxHkXeI5ZgYtyThEXGE3Gqd9w9GG/QVu4PkmJ1oF1rqQN/eRUQN9rDLlP
LExV7Pt/87HFlHOEI0/J2PAvJDYbrjiDb9RHylsSqbFzO9i9It87Mtli8TrSUi2u
GEN2pQ6YYQLMbqIZxYdYtjSg6pTin73kSoFhQ9kL9JtOEl0UQtL9ycnbNKcRvnKN
y3lxPcM9DVwhs5RRnprzXLDtWrweFPG5h/otoAOsgQKBgQDPU34DdWDa/1d00PBH
GqEHvCXzwPQC7bJlkeTLZBk76o2k3aHAOUJHvhZJDKjaY4y87ACfhFfC7m7M425p
Y8gALhJ6OIl9CDDvI1+oeAbiwHDIt2uySh5v2kFqjqe8wsGoipMtp6AoCbHtloRi
4H2lOmjBSPZQdbgRmDc9fU7DGQKBgQC9IhnqLMvQQ+jroDB/s2Yrn0QdD2w8lTD5
LqL9zQi+xZRXqrqmzOLQ1Bl71c72wU9/e7HcE5TS7znNEl9G7KQS5ElZx/J8exWX
JL0DQRYtzmVk+c4yU9t3DNXsQUsCMPHrBZo6AwQZwE4Xkn6ygeNnPPg6Mj0HbBoE
4z4KM0fxBwKBgFlo8VQ+f5mSOr4nCSgw5Lc4PcnEMbc9mQzSgS/xqCw9t/4ckpAa
YWodIPE542vjOKOUx6QDZ/Gp7+CuSERtAqiJNfC9hxWDvc6zm6JEuPt68GivKWPH
MR8dqc5xXQc7mla8BELRInGB1NjYa5lUpPrnmJuagpcqXUpBMblz286pAoGAFVLr
8xAb5p5Re4dzEGLMqSxqxJABlw8HF4EflVfxnXivUfcI1leRVxQiz2h6zi1bZjcv
BW4bwHCCZtGkdl2l3g9pCbtWZpyGAaV9vgkvk/iKTAkyK1BzFQgYcmumJlgYXnQi
QFooszKQW24D5OJqHjCsl/skEFsqz9RDIWlIui8CgYB6aQtNY0ze5RYBWlq60zeU
vUFD9tJd94kXNoB3a9/ENvKf1EGDtnhXvHK4PrivBul10lO5jsqYAXFE8CcV5d3W
FNchwuFpAemxCSbe+bC1urd+UQXL6nDjDT0b/J2jXR0W0C9xikZPrpXisTJK/uEb
06mLkf9P62WIZOsPf2meZg==
-----END PRIVATE KEY-----
)";

/// The public part of a key of 2047 bits.
const std::string small_rsa_key = R"(-----BEGIN PUBLIC KEY-----
MIIBITANBgkqhkiG9w0BAQEFAAOCAQ4AMIIBCQKCAQBeaTbDp226XctHSTmxmqdB
KQixx9BRuaThkZXRRHXuNao/DtwvOLnxc+nEmOXKjYVqeWr+eSG7suAbbk1fS/Za
9uKxwedsANhSzBFs116RvPtvrKUXeH5cRPFbE31EHzX90c99eYTuKBEnzmJedToQ
oYIJkJDKrZ5ar5MN2Y7vS4c2gjVG8ZsqxapGLxvTk7TNK+Zf5HQaA5DQPqsbMmdY
3rx2CAv9i5BatNf4Tx2jwulzCs6QZc88dpGkZZhsRHBWSA3r+7SXasK5jV6UX340
yzWKKQrlMmlg8+M4zd5W0v6bZD2zXSfRlZq022gPPUKCJo3ZCRDTROfUBg/8kdjd
AgMBAAE=
-----END PUBLIC KEY-----
)";

const system_clock::time_point now{1'700'000'000s};

const std::string secret = "a secret of 32 bytes or so, test";

using key_ptr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using bio_ptr = std::unique_ptr<BIO, decltype(&BIO_free_all)>;

key_ptr read_key(const std::string& pem) {
  bio_ptr in{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
             BIO_free_all};
  return {PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr),
          EVP_PKEY_free};
}

template <class Write>
std::string to_pem(Write write) {
  bio_ptr out{BIO_new(BIO_s_mem()), BIO_free_all};
  CAF_REQUIRE_EQUAL(write(out.get()), 1);
  char* data = nullptr;
  auto size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<size_t>(size)};
}

std::string public_part(const std::string& pem) {
  auto key = read_key(pem);
  return to_pem([&](BIO* out) { return PEM_write_bio_PUBKEY(out, key.get()); });
}

std::string make_ec_key(const char* curve = "P-256") {
  key_ptr key{EVP_EC_gen(curve), EVP_PKEY_free};
  return to_pem([&](BIO* out) {
    return PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0,
                                    nullptr, nullptr);
  });
}

/// Encodes bytes as a part of a token.
std::string encode(const std::string& bytes) {
  std::string result(bytes.size() / 3 * 4 + 5, '\0');
  auto size
    = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(result.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()),
                      static_cast<int>(bytes.size()));
  result.resize(static_cast<size_t>(size));
  for (auto& c : result)
    c = c == '+' ? '-' : c == '/' ? '_' : c;
  return result.substr(0, result.find('='));
}

std::string hmac_of(const std::string& key, const std::string& text) {
  unsigned char code[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), code,
       &size);
  return {reinterpret_cast<char*>(code), size};
}

/// Signs as OpenSSL does: for ECDSA that is in DER.
std::string signature_of(const std::string& pem, const std::string& text) {
  auto key = read_key(pem);
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{
    EVP_MD_CTX_new(), EVP_MD_CTX_free};
  EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get());
  std::string result(512, '\0');
  auto size = result.size();
  CAF_REQUIRE_EQUAL(
    EVP_DigestSign(
      context.get(), reinterpret_cast<unsigned char*>(result.data()), &size,
      reinterpret_cast<const unsigned char*>(text.data()), text.size()),
    1);
  result.resize(size);
  return result;
}

/// Makes of a signature in DER the two numbers of 32 bytes that a token has.
std::string from_der(const std::string& der) {
  auto data = reinterpret_cast<const unsigned char*>(der.data());
  std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair{
    d2i_ECDSA_SIG(nullptr, &data, static_cast<long>(der.size())),
    ECDSA_SIG_free};
  std::string result(64, '\0');
  auto to = reinterpret_cast<unsigned char*>(result.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), to, 32);
  BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), to + 32, 32);
  return result;
}

const std::string good_header = R"({"alg":"HS256","typ":"JWT"})";
const std::string good_claims = R"({"sub":"456","exp":1700000060})";

/// Makes a token of a header and claims that may be anything, signed by HMAC.
std::string sign(const std::string& header, const std::string& claims,
                 const std::string& key = secret) {
  auto text = encode(header) + '.' + encode(claims);
  return text + '.' + encode(hmac_of(key, text));
}

token_rules rules_of(token_algorithm algorithm, std::vector<std::string> keys) {
  return {algorithm, std::move(keys), "", ""};
}

const token_rules hs256 = rules_of(token_algorithm::hs256, {secret});

/// Returns what is wrong with a token; empty if it is valid.
std::string refusal(const std::string& text, const token_rules& rules = hs256,
                    system_clock::time_point at = now) {
  auto result = verify_token(rules, text, at);
  CAF_CHECK_EQUAL(ERR_peek_error(), 0u);
  auto wrong = std::get_if<std::string>(&result);
  CAF_CHECK(!wrong || !wrong->empty());
  return wrong ? *wrong : "";
}

/// Returns what is wrong with a token that has these claims, and `sub` and
/// `exp` too.
std::string claims_refusal(const std::string& more,
                           const token_rules& rules = hs256,
                           system_clock::time_point at = now) {
  return refusal(
    sign(good_header, R"({"sub":"456","exp":1700000060,)" + more + '}'), rules,
    at);
}

std::string subject_refusal(const std::string& subject) {
  return refusal(
    sign(good_header, R"({"exp":1700000060,"sub":)" + subject + '}'));
}

std::string expiry_refusal(const std::string& expiry,
                           system_clock::time_point at = now) {
  return refusal(sign(good_header, R"({"sub":"456","exp":)" + expiry + '}'),
                 hs256, at);
}

std::string header_refusal(const std::string& header) {
  return refusal(sign(header, good_claims));
}

token verify(const std::string& text, const token_rules& rules = hs256) {
  auto result = verify_token(rules, text, now);
  if (auto wrong = std::get_if<std::string>(&result))
    CAF_FAIL(*wrong);
  return std::get<token>(result);
}

/// Returns the keys in a file, or what is wrong with it.
std::vector<std::string> parse(token_algorithm algorithm,
                               const std::string& text) {
  auto result = parse_token_keys(algorithm, text);
  CAF_CHECK_EQUAL(ERR_peek_error(), 0u);
  if (auto wrong = std::get_if<std::string>(&result))
    return {"refused: " + *wrong};
  return std::get<std::vector<std::string>>(result);
}

using texts = std::vector<std::string>;

constexpr auto no_token = "it is no token";
constexpr auto not_signed = "none of our keys has signed it";
constexpr auto other_algorithm = "it is signed with another algorithm";
constexpr auto no_subject = "it has no sub with an id";
constexpr auto no_expiry = "it has no valid exp";
constexpr auto expired = "it has expired";
constexpr auto too_early = "it is not valid yet";
constexpr auto other_audience = "it is for another audience";
constexpr auto other_issuer = "it is from another issuer";

const texts not_pem = {"refused: it must contain public keys in PEM"};
const texts not_only_keys
  = {"refused: it must contain public keys in PEM, and nothing else"};
const texts unfit
  = {"refused: RS256 needs RSA keys of 2048 bits or more, ES256 "
     "keys on P-256"};

} // namespace

CAF_TEST(three algorithms are known by their exact names) {
  CAF_CHECK(parse_algorithm("HS256") == token_algorithm::hs256);
  CAF_CHECK(parse_algorithm("RS256") == token_algorithm::rs256);
  CAF_CHECK(parse_algorithm("ES256") == token_algorithm::es256);
  for (auto text : {"", "none", "hs256", "HS384", "HS512", "PS256", "ES384",
                    "EdDSA", "HS256 ", "HS25"})
    CAF_CHECK(!parse_algorithm(text));
}

CAF_TEST(secrets have 32 bytes or more and stand on lines of their own) {
  auto parse_secrets = [](const std::string& text) {
    return parse(token_algorithm::hs256, text);
  };
  const std::string shortest(32, 'a');
  const std::string longer(33, 'b');
  CAF_CHECK_EQUAL(parse_secrets(shortest), texts{shortest});
  CAF_CHECK_EQUAL(parse_secrets("\n\r\n" + shortest + "\r\n" + longer + "\n"),
                  (texts{shortest, longer}));
  for (const auto& bad : {shortest.substr(1), shortest.substr(1) + "\r\n",
                          shortest + "\nshort", "short\n" + shortest})
    CAF_CHECK_EQUAL(
      parse_secrets(bad),
      texts{"refused: a secret for HS256 needs 32 bytes or more"});
  for (auto empty : {"", "\n", "\r\n\r\n"})
    CAF_CHECK_EQUAL(parse_secrets(empty),
                    texts{"refused: it must contain a secret on each line"});
}

CAF_TEST(public keys in PEM are read one after the other) {
  auto first = public_part(make_ec_key());
  auto second = public_part(make_ec_key());
  CAF_CHECK_EQUAL(parse(token_algorithm::es256, first), texts{first});
  CAF_CHECK_EQUAL(
    parse(token_algorithm::es256,
          "the old one:\n" + first + "\nthe new one:\n" + second + "\n"),
    (texts{first, second}));
  auto rsa = public_part(rsa_key);
  CAF_CHECK_EQUAL(parse(token_algorithm::rs256, rsa), texts{rsa});
}

CAF_TEST(a file without public keys is refused) {
  for (auto algorithm : {token_algorithm::rs256, token_algorithm::es256})
    for (const auto& text : {""s, "\n"s, secret, "-----BEGIN PUBLIC KEY-----"s})
      CAF_CHECK(parse(algorithm, text)[0].starts_with(not_pem[0]));
  CAF_MESSAGE("and so is one with private keys");
  CAF_CHECK_EQUAL(parse(token_algorithm::rs256, rsa_key), not_only_keys);
  auto mine = make_ec_key();
  CAF_CHECK_EQUAL(parse(token_algorithm::es256, public_part(mine) + mine),
                  not_only_keys);
  CAF_MESSAGE("or with a block of anything else");
  CAF_CHECK_EQUAL(parse(token_algorithm::es256,
                        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC "
                        "KEY-----\n"),
                  not_only_keys);
}

CAF_TEST(a file that is damaged behind its first key is refused) {
  auto first = public_part(make_ec_key());
  auto second = public_part(make_ec_key());
  auto lost = second.find("-----END");
  for (const auto& bad :
       {second.substr(0, lost), second.substr(0, 60),
        second.substr(0, lost) + "-----END CERTIFICATE-----\n",
        second.substr(0, 40) + "!" + second.substr(41)})
    CAF_CHECK_EQUAL(parse(token_algorithm::es256, first + bad), not_only_keys);
}

CAF_TEST(a public key has to fit its algorithm) {
  CAF_CHECK_EQUAL(parse(token_algorithm::rs256, small_rsa_key), unfit);
  CAF_CHECK_EQUAL(parse(token_algorithm::rs256, public_part(make_ec_key())),
                  unfit);
  CAF_CHECK_EQUAL(parse(token_algorithm::es256, public_part(rsa_key)), unfit);
  for (auto curve : {"P-384", "secp256k1"})
    CAF_CHECK_EQUAL(
      parse(token_algorithm::es256, public_part(make_ec_key(curve))), unfit);
  CAF_MESSAGE("each of them");
  CAF_CHECK_EQUAL(
    parse(token_algorithm::rs256, public_part(rsa_key) + small_rsa_key), unfit);
}

CAF_TEST(a token says for whom it is and until when and for which topics) {
  auto found = verify(sign(good_header, good_claims));
  CAF_CHECK_EQUAL(found.subject, "456");
  CAF_CHECK(found.expiry == now + 60s);
  CAF_CHECK_EQUAL(found.topics, texts{});
  found = verify(sign(good_header, R"({"sub":"456","exp":1700000060.9,)"
                                   R"("topics":["news","order-*"]})"));
  CAF_CHECK(found.expiry == now + 60s);
  CAF_CHECK_EQUAL(found.topics, (texts{"news", "order-*"}));
}

CAF_TEST(a token that we make is one that we take) {
  auto ec = make_ec_key();
  for (auto [algorithm, own, shown] :
       {std::tuple{token_algorithm::hs256, secret, secret},
        {token_algorithm::rs256, rsa_key, public_part(rsa_key)},
        {token_algorithm::es256, ec, public_part(ec)}}) {
    token_rules maker{algorithm, {own}, "chat", "shop"};
    auto made = make_token(maker, {"连 \"456\"", {"a", "b-*"}, now + 90s});
    CAF_REQUIRE(made);
    token_rules rules{algorithm, {shown}, "chat", "shop"};
    auto found = verify(*made, rules);
    CAF_CHECK_EQUAL(found.subject, "连 \"456\"");
    CAF_CHECK_EQUAL(found.topics, (texts{"a", "b-*"}));
    CAF_CHECK(found.expiry == now + 90s);
    rules.audience = "";
    CAF_CHECK_EQUAL(refusal(*made, rules), other_audience);
    rules.audience = "chat";
    rules.issuer = "shop2";
    CAF_CHECK_EQUAL(refusal(*made, rules), other_issuer);
  }
}

CAF_TEST(a key that cannot sign makes no token) {
  auto make = [](token_algorithm algorithm, const std::string& key) {
    auto made = make_token(rules_of(algorithm, {key}), {"456", {}, now});
    CAF_CHECK_EQUAL(ERR_peek_error(), 0u);
    return made;
  };
  for (auto algorithm : {token_algorithm::rs256, token_algorithm::es256}) {
    CAF_CHECK(!make(algorithm, secret));
    CAF_CHECK(!make(algorithm, public_part(rsa_key)));
  }
  CAF_CHECK(!make(token_algorithm::rs256, make_ec_key()));
  CAF_CHECK(!make(token_algorithm::es256, rsa_key));
}

CAF_TEST(any of our keys may have signed) {
  auto other = secret + '2';
  auto both = rules_of(token_algorithm::hs256, {other, secret});
  CAF_CHECK_EQUAL(refusal(sign(good_header, good_claims), both), "");
  CAF_CHECK_EQUAL(refusal(sign(good_header, good_claims, other), both), "");
  CAF_CHECK_EQUAL(refusal(sign(good_header, good_claims, other)), not_signed);
  CAF_CHECK_EQUAL(refusal(sign(good_header, good_claims),
                          rules_of(token_algorithm::hs256, {})),
                  not_signed);
  CAF_MESSAGE("a key that is not one does not spoil the others");
  auto ec = make_ec_key();
  auto made = make_token(rules_of(token_algorithm::es256, {ec}),
                         {"456", {}, now + 60s});
  CAF_CHECK_EQUAL(refusal(*made, rules_of(token_algorithm::es256,
                                          {"nonsense", public_part(ec)})),
                  "");
  CAF_CHECK_EQUAL(refusal(*made, rules_of(token_algorithm::es256,
                                          {public_part(make_ec_key())})),
                  not_signed);
}

CAF_TEST(a token has three parts in base64url without padding) {
  auto good = sign(good_header, good_claims);
  auto first = good.find('.');
  auto last = good.rfind('.');
  CAF_CHECK_EQUAL(refusal(good), "");
  for (const auto& bad :
       {""s, "."s, "a.b"s, good.substr(0, last), good + ".a", good + '.',
        '.' + good, good + '=', good + '\n', ' ' + good, good + "\0"s,
        good.substr(0, first) + '=' + good.substr(first), "a.b!.c"s,
        "a+b/.YQ.YQ"s, std::string(100'000, 'a')})
    CAF_CHECK_EQUAL(refusal(bad), no_token);
  CAF_MESSAGE("empty ones are no JSON");
  CAF_CHECK_EQUAL(refusal(".."), no_token);
  CAF_MESSAGE("and there is one way to write bytes: 32 leave two bits");
  auto same = good;
  same.back() = static_cast<char>(same.back() + 1);
  CAF_CHECK_EQUAL(refusal(same), no_token);
  CAF_MESSAGE("a single letter is not even a byte");
  CAF_CHECK_EQUAL(refusal("YQ.YQ.A"), no_token);
}

CAF_TEST(what was changed after it was signed is refused) {
  auto good = sign(good_header, good_claims);
  auto first = good.find('.');
  auto last = good.rfind('.');
  auto others = encode(R"({"sub":"457","exp":1700000060})");
  CAF_CHECK_EQUAL(
    refusal(good.substr(0, first + 1) + others + good.substr(last)),
    not_signed);
  CAF_CHECK_EQUAL(refusal(encode(R"({"alg":"HS256"})") + good.substr(first)),
                  not_signed);
  CAF_MESSAGE("so is a signature that is missing or shorter or longer");
  CAF_CHECK_EQUAL(refusal(good.substr(0, last + 1)), not_signed);
  auto code = hmac_of(secret, good.substr(0, last));
  for (const auto& other : {code.substr(1), code.substr(0, 31), code + 'a'})
    CAF_CHECK_EQUAL(refusal(good.substr(0, last + 1) + encode(other)),
                    not_signed);
  CAF_MESSAGE("before the claims are looked at");
  CAF_CHECK_EQUAL(refusal(sign(good_header, "nonsense", secret + '2')),
                  not_signed);
}

CAF_TEST(the algorithm is ours and not that of the token) {
  for (auto name : {R"("none")", R"("None")", R"("hs256")", R"("HS512")",
                    R"("RS256")", R"("")", "null", "1", R"(["HS256"])"})
    CAF_CHECK_EQUAL(header_refusal(std::string{R"({"alg":)"} + name + '}'),
                    other_algorithm);
  CAF_CHECK_EQUAL(header_refusal("{}"), other_algorithm);
  CAF_CHECK_EQUAL(header_refusal(R"({"Alg":"HS256"})"), other_algorithm);
  CAF_MESSAGE("with or without a signature");
  CAF_CHECK_EQUAL(
    refusal(encode(R"({"alg":"none"})") + '.' + encode(good_claims) + '.'),
    other_algorithm);
  CAF_MESSAGE("a public key is no secret");
  for (auto [algorithm, name, key] :
       {std::tuple{token_algorithm::rs256, "RS256"s, public_part(rsa_key)},
        {token_algorithm::es256, "ES256"s, public_part(make_ec_key())}}) {
    auto rules = rules_of(algorithm, {key});
    CAF_CHECK_EQUAL(refusal(sign(good_header, good_claims, key), rules),
                    other_algorithm);
    CAF_CHECK_EQUAL(
      refusal(sign(R"({"alg":")" + name + "\"}", good_claims, key), rules),
      not_signed);
  }
}

CAF_TEST(the header of a token is an object that we know all of) {
  for (auto bad : {"", "null", "[]", "\"HS256\"", "{", "{\"alg\":\"\xff\"}"})
    CAF_CHECK_EQUAL(header_refusal(bad), no_token);
  CAF_CHECK_EQUAL(header_refusal(R"({"alg":"HS256","crit":["b64"]})"),
                  "it has critical fields");
  CAF_CHECK_EQUAL(header_refusal(R"({"alg":"HS256","crit":null})"),
                  "it has critical fields");
  CAF_CHECK_EQUAL(header_refusal(R"({"alg":"HS256","kid":"1","x":[]})"), "");
}

CAF_TEST(a token of another type is for something else) {
  auto type_refusal = [](const std::string& type) {
    return header_refusal(R"({"alg":"HS256","typ":)" + type + '}');
  };
  for (auto good : {R"("JWT")", R"("jwt")", R"("at+jwt")", R"("AT+JWT")",
                    R"("application/jwt")", R"("Application/at+jwt")", "null"})
    CAF_CHECK_EQUAL(type_refusal(good), "");
  for (auto bad : {R"("dpop+jwt")", R"("JWT ")", R"("")", "1", "[\"JWT\"]"})
    CAF_CHECK_EQUAL(type_refusal(bad), "its typ is not that of a JWT");
}

CAF_TEST(a signature of ES256 is two numbers of 32 bytes) {
  auto ec = make_ec_key();
  auto rules = rules_of(token_algorithm::es256, {public_part(ec)});
  auto text = encode(R"({"alg":"ES256"})") + '.' + encode(good_claims);
  auto der = signature_of(ec, text);
  auto raw = from_der(der);
  auto refuse = [&](const std::string& signature) {
    return refusal(text + '.' + encode(signature), rules);
  };
  CAF_CHECK_EQUAL(refuse(raw), "");
  for (const auto& bad :
       {der, ""s, raw.substr(1), raw.substr(0, 63), raw + '\0', '\0' + raw,
        std::string(64, '\0'), std::string(64, '\xff'),
        raw.substr(32) + raw.substr(0, 32)})
    CAF_CHECK_EQUAL(refuse(bad), not_signed);
}

CAF_TEST(a signature of RS256 is that of the key) {
  auto rules = rules_of(token_algorithm::rs256, {public_part(rsa_key)});
  auto text = encode(R"({"alg":"RS256"})") + '.' + encode(good_claims);
  auto good = signature_of(rsa_key, text);
  auto refuse = [&](const std::string& signature) {
    return refusal(text + '.' + encode(signature), rules);
  };
  CAF_CHECK_EQUAL(refuse(good), "");
  auto other = good;
  other[0] = static_cast<char>(other[0] ^ 1);
  for (const auto& bad : {other, ""s, good.substr(1), good + '\0',
                          std::string(256, '\0'), std::string(256, '\xff')})
    CAF_CHECK_EQUAL(refuse(bad), not_signed);
}

CAF_TEST(a token ends half a minute after its expiry) {
  CAF_CHECK_EQUAL(expiry_refusal("1700000000", now + 30s - 1ns), "");
  CAF_CHECK_EQUAL(expiry_refusal("1700000000", now + 30s), expired);
  CAF_CHECK_EQUAL(expiry_refusal("1699999970"), expired);
  CAF_CHECK_EQUAL(expiry_refusal("1699999971"), "");
  CAF_CHECK_EQUAL(expiry_refusal("0"), expired);
}

CAF_TEST(a token has to end on a date) {
  CAF_CHECK_EQUAL(refusal(sign(good_header, R"({"sub":"456"})")), no_expiry);
  for (auto bad : {"null", "true", R"("1700000060")", "[]", "{}", "-1", "-0.5",
                   "253402300800", "1e12", "9223372036854775808",
                   "18446744073709551616", "1e300"})
    CAF_CHECK_EQUAL(expiry_refusal(bad), no_expiry);
  CAF_MESSAGE("which may be as late as there are dates");
  for (auto good : {"9000000000", "9000000001", "253402300799"})
    CAF_CHECK(verify(sign(good_header,
                          std::string{R"({"sub":"456","exp":)"} + good + '}'))
                .expiry
              == system_clock::time_point{9'000'000'000s});
}

CAF_TEST(a token begins half a minute before it says so) {
  CAF_CHECK_EQUAL(claims_refusal(R"("nbf":1700000000)"), "");
  CAF_CHECK_EQUAL(claims_refusal(R"("nbf":1700000000)", hs256, now - 30s), "");
  CAF_CHECK_EQUAL(claims_refusal(R"("nbf":1700000000)", hs256, now - 30s - 1ns),
                  too_early);
  CAF_CHECK_EQUAL(claims_refusal(R"("nbf":253402300799)"), too_early);
  CAF_MESSAGE("at once if it does not");
  CAF_CHECK_EQUAL(claims_refusal(R"("nbf":null)"), "");
  CAF_CHECK_EQUAL(claims_refusal(R"("nbf":0)"), "");
  CAF_MESSAGE("and never if that is no date");
  for (auto bad : {R"("nbf":"1700000000")", R"("nbf":true)", R"("nbf":-1)",
                   R"("nbf":1e300)"})
    CAF_CHECK_EQUAL(claims_refusal(bad), too_early);
}

CAF_TEST(a token names our audience) {
  auto rules = hs256;
  rules.audience = "chat";
  for (auto good : {R"("aud":"chat")", R"("aud":["chat"])",
                    R"("aud":["shop",1,null,"chat"])"})
    CAF_CHECK_EQUAL(claims_refusal(good, rules), "");
  for (auto bad :
       {R"("aud":"shop")", R"("aud":"chat2")", R"("aud":"Chat")", R"("aud":"")",
        R"("aud":[])", R"("aud":["shop"])", R"("aud":null)",
        R"("aud":[["chat"]])", R"("aud":{"chat":"chat"})", R"("aud":1)"})
    CAF_CHECK_EQUAL(claims_refusal(bad, rules), other_audience);
  CAF_CHECK_EQUAL(refusal(sign(good_header, good_claims), rules),
                  other_audience);
}

CAF_TEST(a token with an audience is not for those who have none) {
  CAF_CHECK_EQUAL(claims_refusal(R"("aud":null)"), "");
  for (auto bad : {R"("aud":"chat")", R"("aud":"")", R"("aud":[])"})
    CAF_CHECK_EQUAL(claims_refusal(bad), other_audience);
}

CAF_TEST(a token is from our issuer) {
  auto rules = hs256;
  rules.issuer = "https://id.example";
  CAF_CHECK_EQUAL(claims_refusal(R"("iss":"https://id.example")", rules), "");
  for (auto bad : {R"("iss":"https://id.example/")", R"("iss":"")",
                   R"("iss":null)", R"("iss":["https://id.example"])"})
    CAF_CHECK_EQUAL(claims_refusal(bad, rules), other_issuer);
  CAF_CHECK_EQUAL(refusal(sign(good_header, good_claims), rules), other_issuer);
  CAF_MESSAGE("or from any if that does not matter");
  CAF_CHECK_EQUAL(claims_refusal(R"("iss":"https://id.example")"), "");
}

CAF_TEST(a subject is an id or a whole number) {
  const std::string longest(256, 'a');
  for (const auto& good : {R"("456")"s, '"' + longest + '"', "456"s, "0"s,
                           "-1"s, "18446744073709551615"s, R"("*")"s})
    CAF_CHECK_EQUAL(subject_refusal(good), "");
  CAF_CHECK_EQUAL(
    verify(sign(good_header, R"({"sub":456,"exp":1700000060})")).subject,
    "456");
  for (const auto& bad :
       {R"("")"s, '"' + longest + "a\"", R"("a/b")"s, R"("456\u0000")"s,
        R"("a\n")"s, "null"s, "true"s, "456.0"s, "1e3"s,
        "18446744073709551616"s, R"(["456"])"s, R"({"id":"456"})"s})
    CAF_CHECK_EQUAL(subject_refusal(bad), no_subject);
  CAF_CHECK_EQUAL(refusal(sign(good_header, R"({"exp":1700000060})")),
                  no_subject);
}

CAF_TEST(claims are a JSON object) {
  for (const auto& bad : {""s, "null"s, "[]"s, "\"456\""s, "1"s, "{"s,
                          good_claims + '}', std::string(100'000, '[')})
    CAF_CHECK_EQUAL(refusal(sign(good_header, bad)), no_subject);
  CAF_MESSAGE("and may say more than we read");
  CAF_CHECK_EQUAL(claims_refusal(R"("iat":"x","jti":null,"scope":{"a":[1]})"),
                  "");
}

CAF_TEST(topics are an array of texts) {
  for (auto good :
       {R"("topics":[])", R"("topics":null)", R"("topics":["",""])"})
    CAF_CHECK_EQUAL(claims_refusal(good), "");
  for (auto bad : {R"("topics":"news")", R"("topics":{"a":"b"})",
                   R"("topics":["news",1])", R"("topics":[["news"]])",
                   R"("topics":[null])", R"("topics":1)", R"("topics":false)"})
    CAF_CHECK_EQUAL(claims_refusal(bad),
                    "its topics are not an array of strings");
}

} // namespace tokens_suite

// Errors of the operators name who, and the shapes concerned.
#include <ember/core/error.hpp>
#include <ember/core/operators.hpp>

#include <functional>

#include "catch.hpp"

using namespace ember;

TEST_CASE("a shape error names the operation and both shapes") {
  const Tensor a = zeros({2, 3});
  const Tensor b = zeros({4, 5});
  const Mask mask = Mask::filled({4, 5}, true);
  struct Call {
    const char* who;
    std::function<void()> f;
  };
  const std::vector<Call> calls{
      {"+", [&] { a + b; }},
      {"-", [&] { a - b; }},
      {"*", [&] { a* b; }},
      {"/", [&] { a / b; }},
      {"pow", [&] { pow(a, b); }},
      {"<", [&] { (void)(a < b); }},
      {"<=", [&] { (void)(a <= b); }},
      {">", [&] { (void)(a > b); }},
      {">=", [&] { (void)(a >= b); }},
      {"==", [&] { (void)(a == b); }},
      {"!=", [&] { (void)(a != b); }},
      {"where", [&] { where(Mask(true), a, b); }},
      {"where", [&] { where(mask, a, 0); }},
      {"matmul", [&] { matmul(a, b); }},
      {"matmul",
       [&] {
         matmul(zeros({2, 3, 3}), zeros({4, 3, 5}));
       }},
      {"reshape",
       [&] {
         reshape(a, {4, 5});
       }},
      {"expand",
       [&] {
         expand(a, {4, 5});
       }},
      {"gather", [&] { gather(a, 0, b); }},
      {"concatenate",
       [&] {
         concatenate({a, b}, 0);
       }},
      {"stack",
       [&] {
         stack({a, b}, 0);
       }},
  };
  for (const Call& call : calls) {
    INFO(call.who);
    try {
      call.f();
      FAIL("no error");
    } catch (const Error& error) {
      const std::string text = error.what();
      CAPTURE(text);
      CHECK(text.rfind(call.who, 0) == 0);
      CHECK(text.find("(2, 3") != std::string::npos);
      CHECK(text.find("(4, ") != std::string::npos);
    }
  }
}

TEST_CASE("an axis or an index that does not exist is an error that names them") {
  const Tensor a = zeros({2, 3});
  const std::vector<std::pair<const char*, std::function<void()>>> calls{
      {"sum", [&] { sum(a, 2); }},
      {"mean", [&] { mean(a, -3); }},
      {"max", [&] { max(a, 2); }},
      {"logsumexp", [&] { logsumexp(a, 2); }},
      {"softmax", [&] { softmax(a, 2); }},
      {"log_softmax", [&] { log_softmax(a, 2); }},
      {"cumsum", [&] { cumsum(a, 2); }},
      {"slice", [&] { slice(a, 1, 0, 4); }},
      {"slice", [&] { slice(a, 1, 2, 1); }},
      {"select", [&] { select(a, 1, 3); }},
      {"index_select",
       [&] {
         index_select(a, 1, {0, 3});
       }},
      {"gather",
       [&] {
         gather(a, 1, tensor({{3}, {0}}));
       }},
      {"concatenate", [&] { concatenate({a}, 2); }},
      {"stack", [&] { stack({a}, 3); }},
      {"mean",
       [&] {
         mean(zeros({2, 3, 0}));
       }},
      {"max",
       [&] {
         max(zeros({2, 3, 0}), 2);
       }},
  };
  for (const auto& [who, f] : calls) {
    INFO(who);
    try {
      f();
      FAIL("no error");
    } catch (const Error& error) {
      const std::string text = error.what();
      CAPTURE(text);
      CHECK(text.rfind(who, 0) == 0);
      CHECK(text.find("(2, 3") != std::string::npos);
    }
  }
  CHECK_THROWS_AS(transpose(zeros({3})), Error);
  CHECK_THROWS_AS(matmul(a, 2), Error);
  CHECK_THROWS_AS(concatenate({}, 0), Error);
}

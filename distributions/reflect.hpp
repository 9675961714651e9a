// From a family's reflected Params to the tables that generic code runs over. For the source files
// of families only: it needs Boost.Hana.
#pragma once

#include <boost/hana.hpp>

#include <array>

#include <ember/distributions/family.hpp>

namespace ember::distributions::reflect {

/// What a declaration adds to a reflected member.
struct Rule {
  Constraint::Kind kind;
  std::size_t event_dim = 0;
  bool is_alternative = false;
  bool shows_in_sum = false;
};

/// One of the alternatives, of which exactly one is given.
constexpr Rule one_of(Constraint::Kind kind, std::size_t event_dim = 0) {
  return {kind, event_dim, true};
}

/// One of which ParameterInfo::shows_in_sum is true: a scale, as a rule, of whose logarithm the log
/// density has a multiple.
constexpr Rule shown(Constraint::Kind kind) { return {kind, 0, false, true}; }

template <class Params>
inline constexpr std::size_t kCount =
    decltype(boost::hana::size(boost::hana::accessors<Params>()))::value;

/// The members' names beside their rules, in order.
template <class Params>
constexpr std::array<ParameterInfo, kCount<Params>> table(const Rule (&rules)[kCount<Params>]) {
  std::size_t i = 0;
  return boost::hana::unpack(boost::hana::accessors<Params>(), [&](auto... member) {
    const auto row = [&](const char* name) {
      const Rule& rule = rules[i++];
      return ParameterInfo{name, rule.kind, rule.event_dim, rule.is_alternative, rule.shows_in_sum};
    };
    return std::array{row(boost::hana::to<const char*>(boost::hana::first(member)))...};
  });
}

/// The members' tensors, in order.
template <class Params>
std::array<Tensor, kCount<Params>> values(const Params& params) {
  return boost::hana::unpack(boost::hana::members(params), [](const auto&... member) {
    return std::array<Tensor, kCount<Params>>{member...};
  });
}

/// Makes a distribution of tensors in the order of its members; an undefined one leaves the
/// member's default.
template <class D>
Distribution make(std::span<const Tensor> tensors) {
  typename D::Params params;
  std::size_t i = 0;
  boost::hana::for_each(boost::hana::accessors<typename D::Params>(), [&](auto member) {
    const Tensor& given = tensors[i++];
    if (given.defined()) boost::hana::second(member)(params) = given;
  });
  return D(params);
}

}  // namespace ember::distributions::reflect

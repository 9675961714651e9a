// The pairs of families whose divergence has a closed form: a function each, in the files
// kl_*.cpp. What masks, expand and to_event do is the business of kl.cpp.
#pragma once

#include <limits>
#include <span>

#include <ember/distributions/family.hpp>

namespace ember::distributions {

/// KL(p || q) of each element. Hidden elements may hold anything: their results are not used.
struct KlPair {
  const FamilyInfo* p;
  const FamilyInfo* q;
  Tensor (*kl)(const Family& p, const Family& q);
  std::size_t p_event_axes = 0;  // how many axes of p to_event has made one element of q
};

std::span<const KlPair> kl_of_real_families();
std::span<const KlPair> kl_by_moments();
std::span<const KlPair> kl_of_discrete_families();
std::span<const KlPair> kl_of_vector_families();

namespace kl {

constexpr Real kInfinity = std::numeric_limits<Real>::infinity();

/// The k-th given parameter.
inline const Tensor& at(const Family& f, std::size_t k) { return f.parameters()[k].value; }
/// Whether a family with alternatives was given this one.
bool given_by(const Family& f, std::string_view parameter);

}  // namespace kl
}  // namespace ember::distributions

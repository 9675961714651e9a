// Two ways to compute a thing are compared in speed only where they compute the same.
#pragma once

#include <span>
#include <string>

namespace bench {

/// Ends the program with an error, naming `what`, unless each number of `hand` is that of `ember`
/// to 1e-9 of the larger of itself and the mean size of all (gradients cancel to any small number).
void expect_agreement(const std::string& what, std::span<const double> ember,
                      std::span<const double> hand);

}  // namespace bench

// Draws as the CSV files of CmdStan, which the tools of Stan's users read.
#pragma once

#include <string>

#include <ember/handlers/values.hpp>

namespace ember {

/// Writes draws as CmdStan does: comments that say how they came about, a header with lp__ first
/// and one column a number ("theta.1.2": indices from 1, the first axis fastest), a line a draw.
/// lp__ is `log_density` where it is given, else 0, as in CmdStan's variational files. Names may
/// hold anything but dots, commas, quotes, # and line breaks.
void save_draws(const std::string& file, const Values& draws, const Tensor& log_density = {});

/// Reads such a file, CmdStan's own ones too: columns whose names end in "__" are left out. Errors
/// name line and column; a last line without a line break is one, as it may have been cut.
Values load_draws(const std::string& file);

}  // namespace ember

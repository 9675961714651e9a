// NumPy's .npy files.
#pragma once

#include <string>

#include <ember/core/tensor.hpp>

namespace ember {

/// Writes what numpy.load reads: little-endian numbers of Real's precision, row-major.
void save_npy(const std::string& file, const Tensor& x);

/// Reads an array of floating-point numbers (f4, f8), integers (i1 .. i8, u1 .. u8) or bool, in
/// either byte order and either order of axes. An integer that Real cannot hold is an error, as are
/// other types and a file that is damaged: it says at which byte.
Tensor load_npy(const std::string& file);

}  // namespace ember

// Reading and writing of whole files.
#pragma once

#include <new>
#include <stdexcept>
#include <string>

#include <ember/core/error.hpp>

namespace ember::detail {

/// All bytes of a file.
std::string read_file(const std::string& file);
/// Written to a temporary file beside, synced, then renamed: whoever is interrupted leaves the old
/// file whole. What one that was killed has left beside, the next one of the same path removes.
/// What is no file, as a device or a pipe, is written to where it stands.
void write_file(const std::string& file, const std::string& text);

[[noreturn]] void needs_more_memory(const std::string& file);

/// Runs f, which reads a file: its errors name the file, and want of memory is one of them.
template <class F>
decltype(auto) reading(const std::string& file, F&& f) {
  try {
    return with_context("file", file, f);
  } catch (const std::bad_alloc&) {
    needs_more_memory(file);
  } catch (const std::length_error&) {
    needs_more_memory(file);
  }
}

}  // namespace ember::detail

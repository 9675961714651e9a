// golden_check [--rtol R] FOLDER...: compares ember with reference values made by independent
// systems. Prints a line a failure, what was skipped, and last "N passed, N failed, N skipped".
// With --only FILE it checks that file of the folder, which EMBER_GOLDEN_DIR overrides; --at-least
// N makes fewer passed cases a failure.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <vector>

#include "report.hpp"

namespace {

namespace fs = std::filesystem;
using golden::json;
using golden::Tolerance;

golden::Check check_of(const std::string& kind) {
  if (kind == "distribution") return &golden::check_distribution;
  if (kind == "kl") return &golden::check_kl;
  if (kind == "transform") return &golden::check_transform;
  if (kind == "model") return &golden::check_model;
  return nullptr;
}

void check_case(const json& test, golden::Check check, const golden::Options& options,
                const std::string& folder, golden::Report& report) {
  const auto id = test["id"].get<std::string>();
  try {
    const Tolerance own{test.value("rtol", 1e-9), false};
    check(test, options.rtol > 0 ? Tolerance{options.rtol, true} : own, folder);
    ++report.passed;
  } catch (const golden::Skip& skip) {
    ++report.skipped[skip.name];
  } catch (const std::exception& error) {
    ++report.failed;
    std::cout << "FAILED " << id << ": " << error.what() << '\n';
  }
}

void check_file(const fs::path& file, const golden::Options& options, golden::Report& report) {
  const json content = json::parse(std::ifstream(file));
  if (content.value("schema", "") != "ember-golden/1") return;
  const auto kind = content["kind"].get<std::string>();
  const golden::Check check = check_of(kind);
  const std::string folder = file.parent_path().parent_path().string();
  for (const json& test : content["cases"]) {
    if (check == nullptr) {
      ++report.skipped["kind " + kind];
    } else {
      check_case(test, check, options, folder, report);
    }
  }
}

std::vector<fs::path> files_in(const fs::path& path) {
  if (fs::is_regular_file(path)) return {path};
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  golden::Options options;
  int at_least = 0;
  std::string only;
  std::vector<fs::path> paths;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--rtol" && i + 1 < argc) {
      options.rtol = std::atof(argv[++i]);
    } else if (argument == "--at-least" && i + 1 < argc) {
      at_least = std::atoi(argv[++i]);
    } else if (argument == "--only" && i + 1 < argc) {
      only = argv[++i];
    } else {
      paths.emplace_back(argument);
    }
  }
  if (const char* folder = std::getenv("EMBER_GOLDEN_DIR"); folder != nullptr && !only.empty()) {
    paths = {folder};
  }
  for (fs::path& path : paths) {
    if (!only.empty()) path /= only;
  }
  if (paths.empty()) {
    std::cerr
        << "usage: golden_check [--rtol R] [--at-least PASSED] [--only FILE] FOLDER_OR_FILE...\n";
    return 2;
  }
  golden::Report report;
  for (const fs::path& path : paths) {
    if (!fs::exists(path)) {
      std::cout << "golden reference values are not here: '" << path.string()
                << "' does not exist (set EMBER_GOLDEN_DIR); skipped\n";
      return 77;
    }
    for (const fs::path& file : files_in(path)) check_file(file, options, report);
  }
  int skipped = 0;
  for (const auto& [name, count] : report.skipped) {
    std::cout << "skipped " << name << ": " << count << '\n';
    skipped += count;
  }
  std::cout << report.passed << " passed, " << report.failed << " failed, " << skipped << " skipped"
            << std::endl;
  return report.failed == 0 && report.passed >= at_least ? 0 : 1;
}

// ember-inspect FILE: prints the table of a trace file.
#include <cstdio>
#include <cstring>
#include <string>

#include <ember/core/error.hpp>
#include <ember/handlers/trace.hpp>

int main(int argc, char** argv) {
  const bool help =
      argc == 2 && (std::strcmp(argv[1], "--help") == 0 || std::strcmp(argv[1], "-h") == 0);
  if (argc != 2 || help) {
    std::fputs(
        "usage: ember-inspect TRACE.json\n"
        "\n"
        "Prints the sites of a trace that Trace::save wrote: kind, family, plates, batch and "
        "event\n"
        "shapes, how many elements are kept and what hides the others, scale, log density, "
        "values;\n"
        "below them the log joint. Densities are computed anew from the file.\n",
        help ? stdout : stderr);
    return help ? 0 : 2;
  }
  try {
    std::fputs(ember::Trace::load(argv[1]).format_table().c_str(), stdout);
  } catch (const ember::Error& error) {
    std::fprintf(stderr, "ember-inspect: %s\n", error.what());
    return 2;
  }
  return 0;
}

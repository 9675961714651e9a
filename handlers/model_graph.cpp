#include <ember/handlers/model_graph.hpp>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include <ember/core/error.hpp>
#include <ember/core/file.hpp>
#include <ember/handlers/plates_by_dim.hpp>

namespace ember {
namespace {

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (c == '\n') {
      result += "\\n";
    } else {
      result += c;
    }
  }
  return result + '"';
}

// The plates of a site from the outside in, and what stands in the innermost of them.
struct Box {
  PlateFrame plate;
  std::vector<const Site*> sites;
  std::vector<Box> inner;

  Box& of(const PlateFrame& frame) {
    for (Box& box : inner) {
      if (box.plate.name == frame.name) return box;
    }
    inner.push_back({frame, {}, {}});
    return inner.back();
  }
};

std::string label_of(const Site& site) {
  std::string label = site.name.str();
  if (site.has_distribution() && site.kind != SiteKind::factor) {
    label += "\n" + site.distribution.name();
  }
  if (site.has_distribution() && !site.mask.is_all()) {
    label += "\n" + std::to_string(site.mask.count()) + "/" + std::to_string(site.mask.numel()) +
             " kept";
  }
  return label;
}

const char* style_of(const Site& site) {
  switch (site.kind) {
    case SiteKind::latent:
      return "shape=ellipse";
    case SiteKind::observed:
      return "shape=ellipse, style=filled, fillcolor=lightgray";
    case SiteKind::factor:
      return "shape=box, style=filled, fillcolor=lightgray, margin=0.05, width=0.3, height=0.3";
    case SiteKind::deterministic:
      return "shape=ellipse, style=dashed";
    case SiteKind::param:
      return "shape=plaintext";
  }
  return "";
}

class Writer {
 public:
  std::string text(const Trace& trace) {
    Box whole;
    for (const Site& site : trace) {
      Box* box = &whole;
      for (const PlateFrame& plate : plates_by_dim(site.plates)) box = &box->of(plate);
      box->sites.push_back(&site);
    }
    out_ << "digraph model {\n";
    write(whole, "  ");
    for (const Site& site : trace) {
      if (!site.parents) continue;
      for (Name parent : *site.parents) {
        out_ << "  " << quoted(parent.str()) << " -> " << quoted(site.name.str()) << ";\n";
      }
    }
    out_ << "}\n";
    return out_.str();
  }

 private:
  void write(const Box& box, const std::string& indent) {
    for (const Site* site : box.sites) {
      out_ << indent << quoted(site->name.str()) << " [label=" << quoted(label_of(*site)) << ", "
           << style_of(*site) << "];\n";
    }
    for (const Box& inner : box.inner) {
      const PlateFrame& plate = inner.plate;
      std::string label = plate.name.str() + ": ";
      if (plate.subsample_size != plate.size)
        label += std::to_string(plate.subsample_size) + " of ";
      label += std::to_string(plate.size);
      out_ << indent << "subgraph cluster_" << clusters_++ << " {\n"
           << indent << "  label=" << quoted(label) << ";\n"
           << indent << "  labelloc=b;\n"
           << indent << "  labeljust=r;\n";
      write(inner, indent + "  ");
      out_ << indent << "}\n";
    }
  }

  std::ostringstream out_;
  int clusters_ = 0;
};

// A file of its own for as long as it is needed.
class TemporaryFile {
 public:
  TemporaryFile() {
    const char* folder = std::getenv("TMPDIR");
    path_ = std::string(folder != nullptr ? folder : "/tmp") + "/ember-graph-XXXXXX";
    const int handle = mkstemp(path_.data());
    if (handle < 0) fail("render_model", "no temporary file '" + path_ + "' can be made");
    close(handle);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// What a program writes to its standard output; nothing where it does not run or fails.
std::string output_of(std::vector<std::string> arguments) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return "";
  std::vector<char*> words;
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t program = 0;
  const bool runs = posix_spawnp(&program, words[0], &actions, nullptr, words.data(), environ) == 0;
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  std::string output;
  std::array<char, 4096> buffer;
  while (runs) {
    const ssize_t n = read(ends[0], buffer.data(), buffer.size());
    if (n == 0 || (n < 0 && errno != EINTR)) break;
    if (n > 0) output.append(buffer.data(), static_cast<std::size_t>(n));
  }
  close(ends[0]);
  int status = -1;
  while (runs && waitpid(program, &status, 0) < 0 && errno == EINTR) {
  }
  return status == 0 ? output : "";
}

std::string extension_of(const std::string& file) {
  const std::size_t dot = file.rfind('.');
  return dot == std::string::npos ? "" : file.substr(dot + 1);
}

}  // namespace

ModelGraph::ModelGraph(const Trace& trace) {
  for (const Site& site : trace) {
    if (site.parents) continue;
    fail("ModelGraph", "site '" + site.name.str() + "' does not tell what it depends on",
         "record relations: h::trace(model, {.relations = true}), or render_model(model, args..)");
  }
  dot_ = Writer().text(trace);
}

std::string ModelGraph::drawn_as(const std::string& format) const {
  const TemporaryFile source;
  detail::write_file(source.path(), dot_);
  const std::string drawn = output_of({"dot", "-T" + format, source.path()});
  if (!drawn.empty()) return drawn;
  fail("render_model", "the program 'dot' is needed to draw " + format + ", and did not run",
       "install graphviz, or save as .dot");
}

std::string ModelGraph::svg() const { return drawn_as("svg"); }

void ModelGraph::save(const std::string& file) const {
  const std::string extension = extension_of(file);
  if (extension == "dot" || extension == "gv") return detail::write_file(file, dot_);
  for (const char* known : {"svg", "pdf", "png"}) {
    if (extension == known) return detail::write_file(file, drawn_as(extension));
  }
  fail("render_model", "'" + file + "' has an ending that is not known",
       ".dot and .gv are text; .svg, .pdf and .png are drawn by graphviz");
}

}  // namespace ember

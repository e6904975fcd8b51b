import Posix
import Sites
import TOMLKit
import Workflow

/// The files that describe sites: `hflow-sites.toml` beside the workflow, and the user's own
/// `sites.toml`. The file beside the workflow takes precedence.
struct SitesFile {
  let path: String

  static let name = "hflow-sites.toml"

  /// `$XDG_CONFIG_HOME/hflow-tui/sites.toml`, else `~/.config/…`; `nil` without a home directory.
  static var standardPath: String? {
    ConfigurationFile.standardPath.map { Files.join(Files.parent(of: $0), "sites.toml") }
  }

  /// The paths of the files that exist, the more important one last.
  static func paths(besideWorkflowIn directory: String) -> [String] {
    [standardPath, Files.join(directory, name)].compactMap(\.self).filter(Files.exists)
  }

  /// The sites of both files, and those that exist by name.
  static func table(besideWorkflowIn directory: String) throws(Failure) -> SiteTable {
    var table = SiteTable()
    var lines: [String] = []
    for path in paths(besideWorkflowIn: directory) {
      let file = SitesFile(path: path)
      do throws(ConfigurationFile.Mistakes) {
        lines += table.add(try file.sections()).map { "\(path): \($0)" }
      } catch {
        lines += error.lines
      }
    }
    guard lines.isEmpty else { throw Failure(.usage, lines) }
    return table
  }

  func sections() throws(ConfigurationFile.Mistakes) -> [(
    name: String, values: [(key: String, value: SiteValue)]
  )] {
    let bytes: [UInt8]
    do throws(PosixError) {
      bytes = try Files.read(path)
    } catch {
      throw ConfigurationFile.Mistakes(lines: ["\(error)"])
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ConfigurationFile.Mistakes(lines: ["\(path): not UTF-8 text"])
    }
    return try sections(in: text)
  }

  func sections(in text: String) throws(ConfigurationFile.Mistakes) -> [(
    name: String, values: [(key: String, value: SiteValue)]
  )] {
    let table: TOMLTable
    do {
      table = try TOMLTable(string: text)
    } catch let error as TOMLParseError {
      let place = error.source.begin
      throw ConfigurationFile.Mistakes(
        lines: ["\(path):\(place.line):\(place.column): \(error.description.displayName)"])
    } catch {
      throw ConfigurationFile.Mistakes(lines: ["\(path): \(error)"])
    }
    var sections: [(name: String, values: [(key: String, value: SiteValue)])] = []
    var lines: [String] = []
    for name in table.keys.sorted() {
      guard let section = table[name]?.table else {
        lines.append(
          "\(path): \(name) is outside of a site; write it below a line such as [cluster]")
        continue
      }
      sections.append(
        (
          name: name,
          values: section.keys.sorted().compactMap { key in
            section[key].map { (key: key, value: Self.value($0)) }
          }
        ))
    }
    guard lines.isEmpty else { throw ConfigurationFile.Mistakes(lines: lines) }
    return sections
  }

  private static func value(_ value: any TOMLValueConvertible) -> SiteValue {
    if let text = value.string { return .text(text) }
    if let number = value.int { return .number(number) }
    if let array = value.array {
      let texts = array.compactMap(\.string)
      return texts.count == array.count ? .list(texts) : .other("a list with other items")
    }
    return .other("another kind of value")
  }

  static let example = [
    "# Sites for hflow-tui run --on NAME. Put this file beside the workflow as hflow-sites.toml,",
    "# or use it for all workflows as ~/.config/hflow-tui/sites.toml.",
    "# The sites local, ssh, slurm and kubernetes exist without it.",
    "",
    "# Workers on hosts that you reach with ssh and that share the workflow's directory.",
    "[lab]",
    "infrastructure = \"ssh\"",
    "hosts = [\"h1\", \"ada@h2*8\"]        # names of ~/.ssh/config; *8: 8 jobs at a time",
    "#executor = \"/opt/hflow/bin/hflow-job-execute\"   # else the same path as here, then PATH",
    "#stage = \"rsync\"                  # the hosts do not share it: copy inputs and outputs",
    "#files = [\"bin\"]                  # copied, too: what no signal names",
    "",
    "# Workers in allocations of Slurm.",
    "[cluster]",
    "infrastructure = \"slurm\"",
    "options = \"-p long -A proj42 -t 2:00:00\"   # passed to sbatch unchanged",
    "workers = \"0:20\"                   # at least 0, at most 20",
    "slots = 4                          # jobs at a time on each worker; asks for as many cores",
    "idle = 60                          # seconds without a job after which a worker leaves",
    "#mode = \"jobs\"                    # instead of workers: each job is a job of Slurm",
    "",
    "# Jobs of Kubernetes.",
    "[cloud]",
    "infrastructure = \"kubernetes\"",
    "namespace = \"workflows\"",
    "image = \"registry/worker:1\"        # of jobs that name none",
    "#context = \"test\"                  # else the current one of kubectl",
    "slots = 100                        # at most so many Jobs at a time",
  ]
}

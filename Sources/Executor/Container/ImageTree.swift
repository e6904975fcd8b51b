import Posix

/// The parts of an image's directory, which bwrap mounts one by one. Otherwise bwrap could not
/// create the mount points of the job's directories in a read-only image.
struct ImageTree {
  enum Part: Equatable {
    /// Mounts a file or a directory of the image at its path, read-only.
    case bind(source: String, target: String)
    case link(to: String, at: String)
    /// A new directory.
    case directory(String)
  }

  enum Entry {
    case directory
    case link(to: String)
    case other
  }

  /// Paths that the container provides itself.
  private static let own: Set = ["/dev", "/proc", "/sys", "/tmp"]

  /// - Parameters: `mounts` are the paths at which the job's directories will be; `list` gives the
  ///   entries of a directory of the image by name, by its path in the image.
  static func parts(
    root: String, mounts: [String], list: (String) -> [(name: String, entry: Entry)]
  ) -> [Part] {
    var parts: [Part] = []
    var pending = [""]
    while let directory = pending.popLast() {
      for (name, entry) in list(directory).sorted(by: { $0.name < $1.name }) {
        let path = "\(directory)/\(name)"
        if own.contains(path) { continue }
        switch entry {
        case .link(let target): parts.append(.link(to: target, at: path))
        case .directory where mounts.contains { $0.hasPrefix(path + "/") }:
          parts.append(.directory(path))
          pending.append(path)
        case .directory where mounts.contains(path): break
        case .directory, .other: parts.append(.bind(source: root + path, target: path))
        }
      }
    }
    return parts
  }

  /// The entries of a directory on disk.
  static func entries(of path: String) -> [(name: String, entry: Entry)] {
    Files.list(path).map { name in
      let place = Files.join(path, name)
      if let target = Files.linkTarget(place) { return (name, .link(to: target)) }
      return (name, Files.isDirectory(place) ? .directory : .other)
    }
  }
}

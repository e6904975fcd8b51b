import JobProtocol

/// The image of a job, by its text.
///
/// | text | meaning |
/// |---|---|
/// | begins with `/`, `./` or `../` | a path, relative to the job's directory |
/// | anything else | a name in a registry or in the tool's own store |
enum ContainerImage: Equatable {
  /// A directory with a root file system.
  case directory(String)
  /// A file: SIF, SquashFS.
  case file(String)
  case name(String)
  /// A path that does not exist.
  case nowhere(String)

  enum Kind { case directory, file }

  /// - Parameter kind: what is at a path; `nil` for nothing.
  init(_ text: String, directory: String, kind: (String) -> Kind?) {
    guard ["/", "./", "../"].contains(where: text.hasPrefix) else {
      self = .name(text)
      return
    }
    let path = text.hasPrefix("/") ? text : "\(directory)/\(text)"
    switch kind(path) {
    case .directory: self = .directory(path)
    case .file: self = .file(path)
    case nil: self = .nowhere(path)
    }
  }

  /// The tools that can run it, the preferred one first.
  var tools: [ContainerTool] {
    switch self {
    case .directory: [.charliecloud, .bwrap, .apptainer]
    case .file(let path):
      path.hasSuffix(".sqfs") || path.hasSuffix(".squashfs")
        ? [.charliecloud, .apptainer] : [.apptainer]
    case .name: [.docker, .podman, .apptainer, .charliecloud]
    case .nowhere: []
    }
  }

  /// The kind of image in words, for a tool that cannot run it.
  var kindName: String {
    switch self {
    case .directory: "a directory"
    case .file: "a file"
    case .name: "a name in a registry"
    case .nowhere: "missing"
    }
  }

  /// The text for tools.
  var text: String {
    switch self {
    case .directory(let path), .file(let path), .nowhere(let path): path
    case .name(let name): name
    }
  }
}

extension ContainerTool {
  /// Its programs, the preferred one first.
  var programs: [String] {
    switch self {
    case .docker: ["docker"]
    case .podman: ["podman"]
    case .apptainer: ["apptainer", "singularity"]
    case .charliecloud: ["ch-run"]
    case .bwrap: ["bwrap"]
    case .hostOnly: []
    }
  }

  /// Whether its containers are not children of the program that starts them, so they outlive it.
  var isDetached: Bool { self == .docker || self == .podman }
}

import JobProtocol

/// A job's command in a container: the arguments and the environment of the tool.
///
/// | | docker, podman | apptainer | charliecloud | bwrap |
/// |---|---|---|---|---|
/// | image | a name | a file, a directory | a directory, a SquashFS | a directory |
/// | directories, at their own paths | `--volume` | `--bind` | `--bind` | `--bind` |
/// | user | `--user` | the caller's | the caller's | the caller's |
/// | environment | `--env` | `--cleanenv`, `APPTAINERENV_*` | the tool's own | the tool's own |
/// | network | the host's | the host's | the host's | the host's |
/// | writable besides the directories | the container | `/tmp` | `/tmp` | `/tmp`, new paths |
/// | memory limit | `--memory` | – | – | – |
/// | gpus | `--gpus`, `--device` | `--nv` | – | – |
///
/// Values of variables are not on command lines, except variables that would change the tool
/// itself.
struct ContainerCommand: Equatable {
  struct Parameters: Equatable {
    var tool: ContainerTool
    var image: ContainerImage
    /// The executable and its arguments.
    var command: [String]
    var directory: String
    /// Absolute paths; each is mounted at its own path.
    var mounts: [String]
    var user = User(id: 0, group: 0, otherGroups: [])
    /// All variables in the container.
    var environment: [String: String] = [:]
    /// Bytes.
    var memoryLimit: Int?
    var gpus: [Int] = []
    /// For docker and podman.
    var name = ""
    var labels: [String] = []
    var hasInit = false
    /// The tool's containers map root to the caller.
    var isRootless = false
    /// For bwrap: how each part of the image is mounted.
    var tree: [ImageTree.Part] = []
    /// The user's name, which charliecloud needs.
    var userName = "user"
  }

  struct User: Equatable {
    var id: Int
    var group: Int
    var otherGroups: [Int]
  }

  let arguments: [String]
  /// Variables for the tool.
  let environment: [String: String]
  /// Whether the tool gets these variables only; otherwise, also those of the executor.
  let isAlone: Bool

  init(_ parameters: Parameters) {
    var inside = parameters.environment
    if inside["HOME"] == nil { inside["HOME"] = "/tmp" }
    switch parameters.tool {
    case .docker, .podman:
      arguments = Self.engineArguments(parameters, inside)
      environment = inside.filter { !Self.changesTool($0.key) }
      isAlone = false
    case .apptainer:
      arguments = Self.apptainerArguments(parameters)
      let own = inside.filter { $0.key != "HOME" }
      environment = Dictionary(
        uniqueKeysWithValues: own.flatMap { name, value in
          Self.apptainerPrefixes.map { ($0 + name, value) }
        })
      isAlone = false
    case .charliecloud, .bwrap, .hostOnly:
      arguments =
        parameters.tool == .charliecloud
        ? Self.charliecloudArguments(parameters) : Self.bwrapArguments(parameters)
      if inside["PATH"] == nil { inside["PATH"] = Self.usualPath }
      if inside["USER"] == nil { inside["USER"] = parameters.userName }
      environment = inside
      isAlone = true
    }
  }

  private static let usualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
  private static let apptainerPrefixes = ["APPTAINERENV_", "SINGULARITYENV_"]

  /// Whether docker or podman itself reads the variable.
  private static func changesTool(_ name: String) -> Bool {
    let names: Set = ["PATH", "HOME", "USER", "TMPDIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"]
    let prefixes = ["DOCKER_", "BUILDKIT", "CONTAINER", "XDG_", "LD_", "DBUS_", "GO", "SSL_"]
    return names.contains(name.uppercased()) || prefixes.contains(where: name.hasPrefix)
  }

  private static func engineArguments(_ parameters: Parameters, _ inside: [String: String])
    -> [String]
  {
    var words = ["run", "--name", parameters.name, "--pull", "never", "--network", "host"]
    words += parameters.labels.flatMap { ["--label", $0] }
    words += ["--security-opt", "label=disable"]
    if parameters.hasInit { words += ["--init"] }
    let user = "\(parameters.user.id):\(parameters.user.group)"
    switch (parameters.isRootless, parameters.tool) {
    case (true, .podman): words += ["--userns", "keep-id", "--user", user]
    case (true, _): words += ["--user", "0:0"]
    case (false, _): words += ["--user", user]
    }
    if !parameters.isRootless {
      words += parameters.user.otherGroups.flatMap { ["--group-add", "\($0)"] }
    }
    words += parameters.mounts.flatMap { ["--volume", "\($0):\($0)"] }
    words += ["--workdir", parameters.directory]
    for (name, value) in inside.sorted(by: { $0.key < $1.key }) {
      words += ["--env", changesTool(name) ? "\(name)=\(value)" : name]
    }
    if let limit = parameters.memoryLimit {
      words += ["--memory", "\(limit)", "--memory-swap", "\(limit)"]
    }
    if !parameters.gpus.isEmpty {
      words +=
        parameters.tool == .docker
        ? ["--gpus", "\"device=\(parameters.gpus.map(String.init).joined(separator: ","))\""]
        : parameters.gpus.flatMap { ["--device", "nvidia.com/gpu=\($0)"] }
    }
    // Override the image's entry point, which would get the command as its arguments.
    words += ["--entrypoint", parameters.command[0], referenceName(parameters.image.text)]
    return words + parameters.command.dropFirst()
  }

  /// The image without the scheme that apptainer needs.
  private static func referenceName(_ image: String) -> String {
    image.hasPrefix("docker://") ? String(image.dropFirst("docker://".count)) : image
  }

  private static func apptainerArguments(_ parameters: Parameters) -> [String] {
    var words = ["exec", "--cleanenv", "--no-home", "--pid"]
    if !parameters.gpus.isEmpty { words += ["--nv"] }
    words += parameters.mounts.flatMap { ["--bind", "\($0):\($0)"] }
    return words + ["--pwd", parameters.directory, parameters.image.text] + parameters.command
  }

  private static func charliecloudArguments(_ parameters: Parameters) -> [String] {
    parameters.mounts.flatMap { ["--bind", "\($0):\($0)"] }
      + ["--cd", parameters.directory, parameters.image.text, "--"] + parameters.command
  }

  private static func bwrapArguments(_ parameters: Parameters) -> [String] {
    var words = parameters.tree.flatMap { part in
      switch part {
      case .bind(let source, let target): ["--ro-bind", source, target]
      case .link(let to, let place): ["--symlink", to, place]
      case .directory(let path): ["--dir", path]
      }
    }
    words += [
      "--dev", "/dev", "--proc", "/proc", "--ro-bind-try", "/sys", "/sys", "--tmpfs", "/tmp",
    ]
    words += parameters.mounts.flatMap { ["--bind", $0, $0] }
    // A process id namespace, so that nothing of a job outlives it.
    return words + ["--chdir", parameters.directory, "--unshare-pid", "--"] + parameters.command
  }
}

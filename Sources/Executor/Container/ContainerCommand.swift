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
  struct Wish: Equatable {
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

  init(_ wish: Wish) {
    var inside = wish.environment
    if inside["HOME"] == nil { inside["HOME"] = "/tmp" }
    switch wish.tool {
    case .docker, .podman:
      arguments = Self.engineArguments(wish, inside)
      environment = inside.filter { !Self.changesTool($0.key) }
      isAlone = false
    case .apptainer:
      arguments = Self.apptainerArguments(wish)
      let own = inside.filter { $0.key != "HOME" }
      environment = Dictionary(
        uniqueKeysWithValues: own.flatMap { name, value in
          Self.apptainerPrefixes.map { ($0 + name, value) }
        })
      isAlone = false
    case .charliecloud, .bwrap, .hostOnly:
      arguments =
        wish.tool == .charliecloud ? Self.charliecloudArguments(wish) : Self.bwrapArguments(wish)
      if inside["PATH"] == nil { inside["PATH"] = Self.usualPath }
      if inside["USER"] == nil { inside["USER"] = wish.userName }
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

  private static func engineArguments(_ wish: Wish, _ inside: [String: String]) -> [String] {
    var words = ["run", "--name", wish.name, "--pull", "never", "--network", "host"]
    words += wish.labels.flatMap { ["--label", $0] }
    words += ["--security-opt", "label=disable"]
    if wish.hasInit { words += ["--init"] }
    let user = "\(wish.user.id):\(wish.user.group)"
    switch (wish.isRootless, wish.tool) {
    case (true, .podman): words += ["--userns", "keep-id", "--user", user]
    case (true, _): words += ["--user", "0:0"]
    case (false, _): words += ["--user", user]
    }
    if !wish.isRootless {
      words += wish.user.otherGroups.flatMap { ["--group-add", "\($0)"] }
    }
    words += wish.mounts.flatMap { ["--volume", "\($0):\($0)"] }
    words += ["--workdir", wish.directory]
    for (name, value) in inside.sorted(by: { $0.key < $1.key }) {
      words += ["--env", changesTool(name) ? "\(name)=\(value)" : name]
    }
    if let limit = wish.memoryLimit {
      words += ["--memory", "\(limit)", "--memory-swap", "\(limit)"]
    }
    if !wish.gpus.isEmpty {
      words +=
        wish.tool == .docker
        ? ["--gpus", "\"device=\(wish.gpus.map(String.init).joined(separator: ","))\""]
        : wish.gpus.flatMap { ["--device", "nvidia.com/gpu=\($0)"] }
    }
    // Override the image's entry point, which would get the command as its arguments.
    words += ["--entrypoint", wish.command[0], referenceName(wish.image.text)]
    return words + wish.command.dropFirst()
  }

  /// The image without the scheme that apptainer needs.
  private static func referenceName(_ image: String) -> String {
    image.hasPrefix("docker://") ? String(image.dropFirst("docker://".count)) : image
  }

  private static func apptainerArguments(_ wish: Wish) -> [String] {
    var words = ["exec", "--cleanenv", "--no-home", "--pid"]
    if !wish.gpus.isEmpty { words += ["--nv"] }
    words += wish.mounts.flatMap { ["--bind", "\($0):\($0)"] }
    return words + ["--pwd", wish.directory, wish.image.text] + wish.command
  }

  private static func charliecloudArguments(_ wish: Wish) -> [String] {
    wish.mounts.flatMap { ["--bind", "\($0):\($0)"] }
      + ["--cd", wish.directory, wish.image.text, "--"] + wish.command
  }

  private static func bwrapArguments(_ wish: Wish) -> [String] {
    var words = wish.tree.flatMap { part in
      switch part {
      case .bind(let source, let target): ["--ro-bind", source, target]
      case .link(let to, let place): ["--symlink", to, place]
      case .directory(let path): ["--dir", path]
      }
    }
    words += [
      "--dev", "/dev", "--proc", "/proc", "--ro-bind-try", "/sys", "/sys", "--tmpfs", "/tmp",
    ]
    words += wish.mounts.flatMap { ["--bind", $0, $0] }
    // A process id namespace, so that nothing of a job outlives it.
    return words + ["--chdir", wish.directory, "--unshare-pid", "--"] + wish.command
  }
}

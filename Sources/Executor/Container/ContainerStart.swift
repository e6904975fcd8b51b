import Glibc
import JSONValue
import JobProtocol
import Posix

/// How the command of a job is started in a container on this host.
struct ContainerStart {
  let tool: ContainerTool
  /// As the task asks for it.
  let image: String
  /// The executable of the job.
  let command: String
  let request: SpawnRequest
  /// Whether a `ContainerSupervisor` runs the tool and removes the container.
  let isDetached: Bool
  /// Whether the supervisor gets a socket.
  let isSupervised: Bool

  static let hostLabel = "hflow.host"
  static let ownerLabel = "hflow.owner"
  /// The prefix of variables that a supervisor passes on.
  private static let prefix = "HFLOW_INSIDE_"

  /// Throws if the image is missing, or a tool for it.
  init(
    _ plan: JobPlan, image: String, job: String, context: ExecutorContext
  ) throws(JobFailure) {
    let host = Environment.hostName
    let found = ContainerImage(image, directory: plan.directory) { path in
      Files.isDirectory(path) ? .directory : Files.exists(path) ? .file : nil
    }
    if case .nowhere(let path) = found {
      throw JobFailure(.image("the image \(path) does not exist on \(host)"))
    }
    let (tool, program) = try Self.tool(for: found, context.settings)
    let mounts = try Self.mounts(plan, tool)
    try Self.makeMountPoints(mounts, in: found, tool, host)
    self.tool = tool
    self.image = image
    command = plan.executable
    let store = ImageStore(found, tool: tool, program: program)
    var parameters = ContainerCommand.Parameters(
      tool: tool, image: store?.local ?? found, command: [plan.executable] + plan.arguments,
      directory: plan.directory, mounts: mounts)
    parameters.user = Self.user
    parameters.environment = Self.environment(plan)
    parameters.memoryLimit = plan.needs.limitsMemory ? plan.needs.memory : nil
    parameters.gpus = plan.gpus
    parameters.name = Self.name(of: job)
    parameters.labels = [
      "\(Self.hostLabel)=\(host)", "hflow.job=\(job)",
      "\(Self.ownerLabel)=\(ProcessIdentity(of: Int(getpid()))?.text ?? "")",
    ]
    parameters.hasInit = Self.hasInit(tool)
    parameters.isRootless = Self.isRootless(tool)
    parameters.userName = Environment["USER"] ?? "user"
    if tool == .bwrap {
      let root = found.text
      parameters.tree = ImageTree.parts(root: root, mounts: mounts) {
        ImageTree.entries(of: root + $0)
      }
    }
    let made = ContainerCommand(parameters)
    isDetached = tool.isDetached
    let isNew = !context.knownImages.contains(image)
    isSupervised = isDetached || store != nil && isNew
    guard isSupervised else {
      request = Self.direct(program, made)
      return
    }
    let order = ContainerOrder(
      program: program, arguments: made.arguments, name: isDetached ? parameters.name : nil,
      prefix: made.isAlone ? Self.prefix : nil,
      image: isNew ? store?.order(limit: context.settings.pullLimit) : nil,
      strayLabel: isDetached && context.isFirstUse(of: tool) ? "\(Self.hostLabel)=\(host)" : nil)
    request = try Self.supervised(order, made)
  }

  private static func direct(_ program: String, _ made: ContainerCommand) -> SpawnRequest {
    var request = SpawnRequest(program, made.arguments)
    if made.isAlone {
      request.environment = made.environment
    } else {
      request.additionalEnvironment = made.environment
    }
    return request
  }

  private static func supervised(
    _ order: ContainerOrder, _ made: ContainerCommand
  ) throws(JobFailure) -> SpawnRequest {
    let name = "hflow-job-execute"
    let own = Environment.executablePath ?? name
    let program = Files.name(of: own) == name ? own : Files.join(Files.parent(of: own), name)
    guard Files.isExecutableFile(program) else {
      throw JobFailure(.notFound("\(program): missing, but needed to run containers"))
    }
    var request = SpawnRequest(program, [ContainerSupervisor.option, order.json.text])
    if made.isAlone {
      for (name, value) in made.environment {
        request.additionalEnvironment[prefix + name] = value
      }
    } else {
      request.additionalEnvironment = made.environment
    }
    return request
  }

  /// The tool of the executor's settings, else the first that the host has for the image.
  private static func tool(
    for image: ContainerImage, _ settings: ExecutorSettings
  ) throws(JobFailure) -> (ContainerTool, program: String) {
    let host = Environment.hostName
    let candidates = settings.containerTool.map { [$0] } ?? image.tools
    var found = candidates.compactMap { tool in
      tool.programs.lazy.compactMap(Files.findExecutable).first.map { (tool, program: $0) }
    }
    // docker needs its daemon.
    if found.count > 1, found[0].0 == .docker, !isDockerThere { found.removeFirst() }
    guard let first = found.first else {
      let names = candidates.flatMap { $0.programs.prefix(1) }.joined(separator: ", ")
      throw JobFailure(
        .notFound(
          "\(names): not found on \(host), but the task asks for the image \(image.text); install"
            + " it there, name another with --container-tool, or ignore images with"
            + " --container-tool none"))
    }
    guard image.tools.contains(first.0) else {
      let able = image.tools.map(\.rawValue).joined(separator: ", ")
      throw JobFailure(
        .image(
          "\(first.0.rawValue) cannot run the image \(image.text), which is \(image.kindName);"
            + " \(able) can (--container-tool)"))
    }
    return first
  }

  private static var isDockerThere: Bool {
    if Environment["DOCKER_HOST"] != nil || Environment["DOCKER_CONTEXT"] != nil { return true }
    let places = [
      "/var/run/docker.sock", Files.join(Environment["XDG_RUNTIME_DIR"] ?? "/", "docker.sock"),
      Files.join(Environment["HOME"] ?? "/", ".docker/run/docker.sock"),
    ]
    return places.contains { access($0, W_OK) == 0 }
  }

  private static var user: ContainerCommand.User {
    var groups = [gid_t](repeating: 0, count: 256)
    let count = max(0, Int(getgroups(Int32(groups.count), &groups)))
    let others = groups.prefix(count).map { Int($0) }.filter { $0 != Int(getegid()) }
    return ContainerCommand.User(id: Int(geteuid()), group: Int(getegid()), otherGroups: others)
  }

  private static func isRootless(_ tool: ContainerTool) -> Bool {
    switch tool {
    case .podman: geteuid() != 0
    case .docker: Environment["DOCKER_HOST"]?.hasPrefix("unix:///run/user/") == true
    case .apptainer, .charliecloud, .bwrap, .hostOnly: false
    }
  }

  /// Whether the tool has an init program, which passes signals on to commands that do not handle
  /// them.
  private static func hasInit(_ tool: ContainerTool) -> Bool {
    let name = tool == .docker ? "docker-init" : "catatonit"
    if Files.findExecutable(name) != nil { return true }
    let folders = [
      "/usr/libexec/\(tool.rawValue)", "/usr/lib/\(tool.rawValue)",
      "/usr/local/libexec/\(tool.rawValue)", "/usr/libexec/docker/cli-plugins",
    ]
    return folders.contains { Files.isExecutableFile("\($0)/\(name)") }
  }

  /// The variables of the job: of the executor's environment, only those of HyperFlow.
  private static func environment(_ plan: JobPlan) -> [String: String] {
    Environment.all.filter { $0.key.hasPrefix("HF_VAR_") }.merging(plan.environment) { $1 }
  }

  private static func name(of job: String) -> String {
    "hflow-" + job.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? String($0) : "-" }.joined()
  }

  /// The directories of the job, without directories inside of others.
  private static func mounts(
    _ plan: JobPlan, _ tool: ContainerTool
  ) throws(JobFailure) -> [String] {
    var mounts: [String] = []
    for path in ([plan.directory] + plan.mounts).sorted() {
      guard Files.exists(path) else {
        throw JobFailure(
          .notFound("directory \(path): no such directory on \(Environment.hostName)"))
      }
      if path.contains(":"), tool != .bwrap {
        throw JobFailure(
          .container("\(tool.rawValue) cannot mount \(path.debugDescription): it has a colon"))
      }
      if !mounts.contains(where: { path == $0 || path.hasPrefix($0 + "/") }) { mounts.append(path) }
    }
    return mounts
  }

  /// Creates mount points for charliecloud, which mounts only on paths that an image has.
  private static func makeMountPoints(
    _ mounts: [String], in image: ContainerImage, _ tool: ContainerTool, _ host: String
  ) throws(JobFailure) {
    guard tool == .charliecloud, case .directory(let root) = image else { return }
    for path in mounts where !path.hasPrefix("/tmp/") && !Files.exists(root + path) {
      do throws(PosixError) {
        try Files.makeDirectory(root + path)
      } catch {
        throw JobFailure(
          .container(
            "the image \(root) on \(host) has no directory \(path) to mount the job's directory "
              + "on, and it cannot be made: \(error.reason)"))
      }
    }
  }
}

/// Where a tool keeps images that have a name, not a path.
struct ImageStore {
  private let tool: ContainerTool
  private let program: String
  private let name: String
  /// The image as a path; `nil` if the tool knows its name.
  let local: ContainerImage?

  /// `nil` for a path.
  init?(_ image: ContainerImage, tool: ContainerTool, program: String) {
    guard case .name(let name) = image else { return nil }
    self.tool = tool
    self.program = program
    self.name = name
    switch tool {
    case .charliecloud:
      let storage =
        Environment["CH_IMAGE_STORAGE"] ?? "/var/tmp/\(Environment["USER"] ?? "user").ch"
      let file = name.map { $0 == "/" ? "%" : $0 == ":" ? "+" : String($0) }.joined()
      local = .directory("\(storage)/img/\(file)")
    case .apptainer: local = .file("\(Self.cache)/\(Self.fileName(name)).sif")
    case .docker, .podman, .bwrap, .hostOnly: local = nil
    }
  }

  /// A directory of the user's own.
  private static var cache: String {
    let home = Environment["XDG_CACHE_HOME"] ?? Files.join(Environment["HOME"] ?? "/tmp", ".cache")
    return Files.join(home, "hflow-tui/images")
  }

  private static func fileName(_ name: String) -> String {
    name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == ".") ? String($0) : "_" }
      .joined()
  }

  func order(limit: Int) -> ContainerOrder.Image {
    try? Files.makeDirectory(Self.cache)
    let lock = Files.join(Self.cache, "\(tool.rawValue)-\(Self.fileName(name)).lock")
    var image = ContainerOrder.Image(
      check: [], path: local?.text, pull: [], lock: lock, limit: limit)
    switch tool {
    case .docker, .podman, .bwrap, .hostOnly:
      let plain = name.hasPrefix("docker://") ? String(name.dropFirst(9)) : name
      image.check = ["image", "inspect", plain]
      image.pull = [program, "pull", "--quiet", plain]
    case .charliecloud:
      image.pull = [Files.join(Files.parent(of: program), "ch-image"), "pull", name]
    case .apptainer:
      let part = (local?.text ?? "") + ".part"
      let source = name.contains("://") ? name : "docker://\(name)"
      image.pulled = part
      image.pull = [program, "pull", "--force", part, source]
    }
    return image
  }
}

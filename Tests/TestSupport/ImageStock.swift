import Glibc
import Posix

/// A root file system with Debian's static busybox, and engines with a store of their own.
public final class ImageStock: Sendable {
  public struct Failure: Error {
    public let text: String
  }

  /// The name of the image in the stores of engines.
  public static let name = "hx-busybox"

  public let directory: String

  /// Why containers of a tool cannot be tried here; `nil` if they can.
  public static func obstacle(_ programs: [String]) -> String? {
    guard geteuid() == 0 else { return "needs root" }
    let missing = (programs + ["busybox"]).filter { Files.findExecutable($0) == nil }
    guard missing.isEmpty else {
      return "not installed: \(missing.joined(separator: ", ")); make setup-sites"
    }
    return isStatic ? nil : "needs busybox-static"
  }

  /// A program that needs no loader names none.
  private static var isStatic: Bool {
    let path = Files.findExecutable("busybox") ?? ""
    let head = ((try? Files.read(path)) ?? []).prefix(4096)
    return !String(decoding: head, as: UTF8.self).contains("/ld-linux")
  }

  public init() throws {
    directory = try Files.makeTemporaryDirectory(prefix: "hx-image-")
    for folder in ["bin", "tmp", "dev", "proc", "sys", "etc"] {
      try Files.makeDirectory(Files.join(root, folder))
    }
    let busybox = try Files.read(Files.findExecutable("busybox") ?? "")
    try Files.write(busybox, to: Files.join(root, "bin/busybox"), mode: 0o755)
    for name in ["sh", "cat", "echo", "env", "head", "id", "ls", "pwd", "sleep", "touch", "tr"] {
      symlink("busybox", Files.join(root, "bin/\(name)"))
    }
    try Files.write(Array("root:x:0:0::/root:/bin/sh\n".utf8), to: Files.join(root, "etc/passwd"))
    try Files.write([], to: Files.join(root, "etc/group"))
  }

  deinit {
    if let text = try? Files.read("\(directory)/pid"),
      let pid = Int32(String(decoding: text, as: UTF8.self).filter(\.isNumber))
    {
      let daemon = Child(pid: pid)
      daemon.send(SIGTERM)
      _ = daemon.wait()
    }
    Files.removeTree(directory)
  }

  /// The image as a directory.
  public var root: String { Files.join(directory, "root") }

  /// The variables for a podman that has the image.
  public func podman() throws -> [String: String] {
    let storage = """
      [storage]
      driver = "vfs"
      graphroot = "\(directory)/graph"
      runroot = "\(directory)/run"

      """
    let engine = """
      [containers]
      default_ulimits = ["nofile=16384:16384", "nproc=8192:8192"]
      [engine]
      runtime = "runc"
      cgroup_manager = "cgroupfs"
      events_logger = "file"

      """
    try Files.write(Array(storage.utf8), to: "\(directory)/storage.conf")
    try Files.write(Array(engine.utf8), to: "\(directory)/containers.conf")
    let environment = [
      "CONTAINERS_CONF": "\(directory)/containers.conf",
      "CONTAINERS_STORAGE_CONF": "\(directory)/storage.conf",
    ]
    try importImage("podman", environment)
    return environment
  }

  /// The variables for a docker with a daemon of its own that has the image.
  public func docker() throws -> [String: String] {
    let words = [
      "--data-root", "\(directory)/data", "--exec-root", "\(directory)/exec", "-p",
      "\(directory)/pid", "-H", "unix://\(directory)/sock", "--iptables=false",
      "--ip6tables=false", "--bridge=none",
    ]
    var request = SpawnRequest("dockerd", words)
    request.group = .session
    let log = open("\(directory)/log", O_WRONLY | O_CREAT, 0o600)
    defer { close(log) }
    request.standardOutput = .descriptor(log)
    request.standardError = .descriptor(log)
    let daemon = try Child.spawn(request)
    let environment = ["DOCKER_HOST": "unix://\(directory)/sock"]
    let deadline = Clock.monotonicMilliseconds + 120_000
    while try run(["docker", "info"], environment) != .exited(0) {
      guard Clock.monotonicMilliseconds < deadline, daemon.peek() == nil else {
        let words = String(decoding: (try? Files.read("\(directory)/log")) ?? [], as: UTF8.self)
        throw Failure(text: "dockerd: \(words.suffix(1000))")
      }
      _ = Poll.wait(for: -1, 0, milliseconds: 50)
    }
    try importImage("docker", environment)
    return environment
  }

  private func importImage(_ tool: String, _ environment: [String: String]) throws {
    let archive = "\(directory)/image.tar"
    for words in [["tar", "-C", root, "-cf", archive, "."], [tool, "import", archive, Self.name]] {
      guard try run(words, environment) == .exited(0) else {
        throw Failure(text: words.joined(separator: " "))
      }
    }
  }

  private func run(
    _ words: [String], _ environment: [String: String], output: String = "/dev/null"
  ) throws -> ExitStatus? {
    var request = SpawnRequest(words[0], Array(words.dropFirst()))
    request.additionalEnvironment = environment
    let file = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    defer { close(file) }
    request.standardOutput = .descriptor(file)
    request.standardError = .descriptor(file)
    return try Child.spawn(request).wait()?.status
  }

  /// The ids of an engine's containers.
  public func containers(_ tool: String, _ environment: [String: String]) throws -> String {
    let file = "\(directory)/list"
    _ = try run([tool, "ps", "--all", "--quiet"], environment, output: file)
    return String(decoding: try Files.read(file), as: UTF8.self)
  }
}

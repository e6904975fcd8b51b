internal import CPosix
import Glibc

/// A program to start. Everything else is inherited, except descriptors other than the standard
/// ones and `inheritedDescriptors`.
public struct SpawnRequest: Sendable {
  /// The child's process group and session.
  public enum Group: Sendable {
    case inherited
    /// Its own process group, so that it and its children can be signalled together.
    case own
    /// A session of its own, without a terminal.
    case session
  }

  /// A standard descriptor of the child.
  public enum Stream: Sendable {
    case inherited
    case null
    case descriptor(Int32)
  }

  /// A path, or a name to look up in the child's `PATH`.
  public var executable: String
  public var arguments: [String]
  /// `nil` inherits the environment.
  public var environment: [String: String]?
  /// Added to the environment; replaces variables of the same name.
  public var additionalEnvironment: [String: String] = [:]
  public var directory: String?
  public var group = Group.own
  public var standardInput = Stream.null
  public var standardOutput = Stream.inherited
  public var standardError = Stream.inherited
  /// Additional descriptors for the child: ours → its number.
  public var inheritedDescriptors: [Int32: Int32] = [:]

  public init(_ executable: String, _ arguments: [String] = []) {
    self.executable = executable
    self.arguments = arguments
  }
}

/// A started child process that was not yet reaped.
public struct Child: Sendable, Hashable {
  public let pid: Int32

  public init(pid: Int32) { self.pid = pid }

  /// Starts the program. Signal masks and handlers are reset to the defaults.
  ///
  /// Throws `ENOENT` if the program or the directory is missing, `EACCES` if it is not
  /// executable.
  public static func spawn(_ request: SpawnRequest) throws(PosixError) -> Child {
    let program = try request.program()
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    add(request, to: &actions)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    set(request.group, in: &attributes)

    var pid: Int32 = 0
    let code = withCStrings([request.executable] + request.arguments) { arguments in
      withEnvironment(of: request) {
        posix_spawn(&pid, program, &actions, &attributes, arguments, $0)
      }
    }
    guard code == 0 else { throw PosixError("start", program, code: code) }
    return Child(pid: pid)
  }

  private static func add(
    _ request: SpawnRequest, to actions: inout posix_spawn_file_actions_t
  ) {
    if let directory = request.directory {
      _ = cposix_spawn_in_directory(&actions, directory)
    }
    let standard = [request.standardInput, request.standardOutput, request.standardError]
    for (number, stream) in zip(Int32(0)..., standard) {
      switch stream {
      case .inherited: break
      case .null:
        let mode = number == 0 ? O_RDONLY : O_WRONLY
        posix_spawn_file_actions_addopen(&actions, number, "/dev/null", mode, 0)
      case .descriptor(let descriptor):
        posix_spawn_file_actions_adddup2(&actions, descriptor, number)
      }
    }
    for (ours, theirs) in request.inheritedDescriptors {
      posix_spawn_file_actions_adddup2(&actions, ours, theirs)
    }
  }

  private static func set(_ group: SpawnRequest.Group, in attributes: inout posix_spawnattr_t) {
    var flags = Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)
    switch group {
    case .inherited: break
    case .own:
      flags |= Int16(POSIX_SPAWN_SETPGROUP)
      posix_spawnattr_setpgroup(&attributes, 0)
    case .session: flags |= cposix_spawn_setsid_flag()
    }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(&attributes, flags)
  }
}

/// Calls `body` with the child's environment. An inherited environment is passed on unchanged:
/// it may not be UTF-8, and copying it for thousands of children a second is expensive.
private func withEnvironment<Result>(
  of request: SpawnRequest, _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
  let added = request.additionalEnvironment
  if var environment = request.environment {
    environment.merge(added) { $1 }
    return withCStrings(environment.map { "\($0.key)=\($0.value)" }, body)
  }
  let prefixes = added.keys.map { "\($0)=" }
  var inherited: [UnsafeMutablePointer<CChar>?] = []
  var entry = environ
  while let text = entry.pointee {
    if !prefixes.contains(where: { strncmp(text, $0, $0.utf8.count) == 0 }) {
      inherited.append(text)
    }
    entry += 1
  }
  return withCStrings(added.map { "\($0.key)=\($0.value)" }) { body(inherited + $0) }
}

/// Calls `body` with a NULL-terminated array of C strings, valid during the call.
private func withCStrings<Result>(
  _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
  let pointers = strings.map { strdup($0) }
  defer { for pointer in pointers { free(pointer) } }
  return body(pointers + [nil])
}

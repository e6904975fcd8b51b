import Glibc
import JobProtocol
import Posix

/// Copies this host's executor to hosts, into a directory of its version. A run and a check search
/// this directory first, unless the sites file names another path.
///
/// | what is there | then |
/// |---|---|
/// | the same file, and it runs | nothing to do |
/// | nothing, or another file | copied, tried, then put in place as a whole |
/// | a copy that does not run | removed; what was there stays |
struct SSHInstall {
  let settings: SiteSettings
  /// The path of the executor to copy.
  let executor: String

  /// Where the executor of this version is on a host.
  static var path: String {
    let version = ExecutorVersion.text.split(separator: " ").dropFirst().first ?? "unknown"
    return "~/.local/share/hflow-tui/\(version)/hflow-job-execute"
  }

  /// How long a copy may take, in milliseconds: the executor has some 10 MB.
  private static let timeoutMilliseconds = 600_000

  func run() async -> [SiteFinding] {
    let directory: String
    do throws(SiteError) {
      directory = try SSHControls.makeDirectory()
    } catch {
      return SiteFinding.mistakes(error.lines)
    }
    defer { Files.removeTree(directory) }
    let sum = await Tool.run(["cksum", executor], milliseconds: 60_000)
    let mark = sum.output.split(separator: " ").prefix(2).joined(separator: " ")
    guard sum.isSuccess, !mark.isEmpty else {
      return SiteFinding.mistakes(["\(executor) cannot be read: \(sum.errorText)"])
    }
    let findings = await withTaskGroup(of: (Int, SiteFinding).self) { group in
      for (number, entry) in settings.hosts.enumerated() {
        let control = Files.join(directory, "\(number)")
        group.addTask { (number, await install(on: entry.name, control, mark)) }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    return findings.sorted { $0.0 < $1.0 }.map(\.1)
  }

  private func install(on host: String, _ control: String, _ mark: String) async -> SiteFinding {
    let connection = SSHConnection(host: host, control: control, log: control + ".log")
    let finding: SiteFinding
    do throws(SiteError) {
      try await connection.open()
      finding = .passed(try await install(on: host, connection, mark))
    } catch {
      finding = SiteFinding(isMistake: true, error.lines.joined(separator: "; "))
    }
    await connection.close()
    return finding
  }

  private func install(
    on host: String, _ connection: SSHConnection, _ mark: String
  ) async throws(SiteError) -> String {
    let found = try await connection.runScript(Self.inspectScript)
    if let platform = found["kind"], platform != Self.platform {
      throw SiteError(
        "\(host): it is \(platform), and this build is for \(Self.platform); build it there with: "
          + "make install PREFIX=~/.local")
    }
    let path = found["path"] ?? Self.path
    if found["sum"] == mark, found["version"] == ExecutorVersion.text {
      return "\(host): \(ExecutorVersion.text) is already in \(path)"
    }
    let copied = await connection.copy(
      executor, with: Self.copyScript, milliseconds: Self.timeoutMilliseconds)
    guard copied.isSuccess else {
      throw SiteError("\(host): \(path) cannot be written: \(copied.errorText)")
    }
    let answers = try await connection.runScript(Self.installScript(sum: mark))
    guard answers["placed"] == "yes" else {
      let reason = answers["said"] ?? "it is not complete"
      let isLibrary = reason.contains("shared libraries")
      throw SiteError(
        "\(host): the copied executor does not run there (\(reason)); "
          + (isLibrary
            ? "copy one that has its libraries in it, from: make install" : "try it by hand there"))
    }
    return "\(host): copied \(ExecutorVersion.text) to \(path)"
  }

  /// The system and processor for which this build is.
  static var platform: String {
    var names = utsname()
    uname(&names)
    func text<T>(_ field: T) -> String {
      withUnsafeBytes(of: field) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
    }
    return "\(text(names.sysname)) \(text(names.machine))"
  }

  private static var scriptStart: String {
    """
    say() { printf '%s%s\\n' '\(SSHScripts.mark)' "$*"; }
    e=\(ShellScript.path(path)); d=$(dirname "$e")
    """
  }

  private static var inspectScript: String {
    """
    \(scriptStart)
    say kind "$(uname -sm)"
    say path "$e"
    if [ -x "$e" ]; then
      say sum "$(cksum < "$e" | cut -d' ' -f1,2)"
      say version "$("$e" --version 2>/dev/null | tail -n 1)"
    fi

    """
  }

  /// Writes its standard input to a file beside the target.
  private static var copyScript: String {
    """
    \(scriptStart)
    umask 022; mkdir -p "$d" && cat > "$e.new"
    """
  }

  private static func installScript(sum: String) -> String {
    """
    \(scriptStart)
    chmod 755 "$e.new"
    v=$("$e.new" --version 2>&1); c=$?
    if [ $c = 0 ] && [ "$(cksum < "$e.new" | cut -d' ' -f1,2)" = '\(sum)' ]; then
      mv -f "$e.new" "$e" && say placed yes
    else
      rm -f "$e.new"; say placed no; say said "$(printf '%s' "$v" | tail -n 1)"
    fi

    """
  }
}

extension SSHConnection {
  /// Runs a script whose standard input is a file of this host.
  func copy(_ file: String, with script: String, milliseconds: Int) async -> Tool.Result {
    await Tool.run(
      command(["-T", "--", host, "exec /bin/sh -c " + ShellScript.command([script])]),
      inputFile: file, milliseconds: milliseconds)
  }
}

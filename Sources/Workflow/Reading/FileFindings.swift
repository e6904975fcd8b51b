import JSONValue

extension Workflow {
  /// What is odd about the files that processes declare: two processes that write one file, and
  /// keys with values of the wrong kind. At most `limit`, and one more with the number of the rest.
  public func fileFindings(limit: Int? = nil) -> [Finding] {
    var findings = limit.map { Findings(limit: $0) } ?? Findings()
    var writers: [String: ProcessID] = [:]
    for process in processes {
      checkKeys(of: process, &findings)
      guard let command = process.command else { continue }
      for name in written(by: process, command) {
        let file = Self.path(name, in: command.all["work_dir"]?.string ?? "")
        guard let other = writers[file] else {
          writers[file] = process.id
          continue
        }
        guard other != process.id else { continue }
        findings.warning(
          path(of: process.id, key: "config.executor"),
          "writes \(name.quotedForMessage), as \(self[other].name.quotedForMessage) does "
            + "(\(path(of: other, key: "config.executor"))): the last one wins; give one of them "
            + "another file")
      }
    }
    return findings.all
  }

  private func checkKeys(of process: Process, _ findings: inout Findings) {
    if let value = process.config["checkFiles"], value.bool == nil {
      findings.error(
        path(of: process.id, key: "config.checkFiles"),
        "expected true or false, found \(value.described)")
    }
    guard let value = process.config["files"], value.bool == nil else { return }
    if value.array?.allSatisfy({ $0.string?.isEmpty == false }) != true {
      findings.error(
        path(of: process.id, key: "config.files"),
        "expected true, false or an array of file names, found \(value.described)")
    }
  }

  /// Output streams that append are not counted: a common log is on purpose.
  private func written(by process: Process, _ command: CommandLine) -> [String] {
    let outputs = DeclaredFiles(of: process, firing: nil, command: command, in: self).outputs
      .map { self[$0].name }
    return
      (outputs + [command.stdout, command.stderr].compactMap(\.self))
      .filter { !$0.isEmpty && !$0.hasPrefix("/dev/") }
  }

  private static func path(_ name: String, in directory: String) -> String {
    var name = Substring(name)
    while name.hasPrefix("./") { name = name.dropFirst(2) }
    return name.hasPrefix("/") || directory.isEmpty ? String(name) : "\(directory)/\(name)"
  }
}

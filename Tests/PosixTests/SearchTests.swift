import Glibc
import Posix
import Testing

@Suite struct SearchTests {
  private let directory: String

  init() throws {
    directory = try Files.makeTemporaryDirectory(prefix: "hflow-search-")
    try Files.makeDirectory("\(directory)/bin/folder")
    try Files.write(Array("#!/bin/sh\n".utf8), to: "\(directory)/bin/tool", mode: 0o755)
    try Files.write([], to: "\(directory)/bin/plain", mode: 0o644)
  }

  private func request(_ name: String, path: String?) -> SpawnRequest {
    var request = SpawnRequest(name)
    request.directory = directory
    request.environment = path.map { ["PATH": $0] } ?? [:]
    return request
  }

  @Test func `a bare name is looked up in the child's PATH, from its directory`() throws {
    defer { Files.removeTree(directory) }
    #expect(try request("tool", path: "/nowhere:bin").program() == "bin/tool")
    #expect(try request("tool", path: "\(directory)/bin").program() == "\(directory)/bin/tool")
    #expect(try request("sh", path: nil).program() == "/bin/sh", "without one, the system's")
    #expect(
      try request("./tool", path: "/nowhere").program() == "./tool", "a path is taken as it is")
    var added = request("tool", path: "/nowhere")
    added.additionalEnvironment["PATH"] = "bin"
    #expect(try added.program() == "bin/tool", "what is added counts")
  }

  @Test func `a file that is not executable differs from a missing one`() throws {
    defer { Files.removeTree(directory) }
    for (name, code) in [("plain", EACCES), ("folder", ENOENT), ("none", ENOENT), ("", ENOENT)] {
      let error = #expect(throws: PosixError.self) {
        _ = try request(name, path: "bin").program()
      }
      #expect(error?.code == code, "\(name)")
    }
  }
}

import Glibc
import Posix
import Testing

/// Files in which a process notes what others must know if it is killed.
@Suite struct ProcessFileTests {
  private let directory: String
  private var place: String { Files.join(directory, "ends") }

  init() throws { directory = try Files.makeTemporaryDirectory(prefix: "hflow-ends-") }

  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  /// The file as a dead process would have left it.
  private func leave(_ text: String, as name: String = "1-x.ends", mode: UInt32 = 0o600) throws {
    if !Files.exists(place) { try Files.makeDirectory(place, mode: 0o700) }
    let child = try Child.spawn(SpawnRequest("true"))
    let header = "\(Environment.hostName) \(child.pid) 1 \(Environment.bootID)\n"
    _ = child.wait()
    try Files.write(bytes(header + text), to: Files.join(place, name), mode: mode)
  }

  private func lines() -> [String] {
    ProcessFile.leftFiles(in: place).files.flatMap(\.lines).map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  @Test func `valid lines are read once their process has ended`() throws {
    defer { Files.removeTree(directory) }
    try leave("+one\n-two\n+three\n+torn")
    #expect(lines() == ["one", "three"])
  }

  @Test func `the file of a living process is not read`() throws {
    defer { Files.removeTree(directory) }
    let file = try ProcessFile(in: place)
    _ = try file.add(bytes("one"))
    #expect(ProcessFile.leftFiles(in: place).files.isEmpty)
    let text = String(decoding: try Files.read(file.path), as: UTF8.self)
    #expect(text.hasSuffix("\n+one\n"))
  }

  @Test func `a void line does not count, and a file without lines is deleted`() throws {
    defer { Files.removeTree(directory) }
    let file = try ProcessFile(in: place)
    let first = try file.add(bytes("one"))
    let second = try file.add(bytes("two"))
    file.markVoid(at: first)
    let text = String(decoding: try Files.read(file.path), as: UTF8.self)
    #expect(text.hasSuffix("\n-one\n+two\n"))
    file.removeIfEmpty()
    #expect(Files.exists(file.path))
    file.markVoid(at: second)
    file.removeIfEmpty()
    #expect(!Files.exists(file.path))
  }

  @Test func `a long file is truncated when no line is valid`() throws {
    defer { Files.removeTree(directory) }
    let file = try ProcessFile(in: place)
    let empty = try #require(Files.size(file.path))
    for _ in 0..<100 {
      let line = [UInt8](repeating: UInt8(ascii: "x"), count: 1000)
      file.markVoid(at: try file.add(line))
    }
    #expect((Files.size(file.path) ?? 0) < 80_000)
    _ = try file.add(bytes("last"))
    let text = String(decoding: try Files.read(file.path), as: UTF8.self)
    #expect(text.hasSuffix("\n+last\n"))
    #expect((Files.size(file.path) ?? 0) > empty)
  }

  @Test func `a file that another process reads is not read`() throws {
    defer { Files.removeTree(directory) }
    try leave("+one\n")
    let found = ProcessFile.leftFiles(in: place)
    #expect(found.files.count == 1 && !found.isBusy)
    withExtendedLifetime(found.files) {
      let second = ProcessFile.leftFiles(in: place)
      #expect(second.files.isEmpty && second.isBusy)
    }
    found.files.first?.remove()
    #expect(Files.list(place).isEmpty)
  }

  @Test func `links, pipes and files of another host are ignored`() throws {
    defer { Files.removeTree(directory) }
    try leave("+one\n")
    #expect(symlink("1-x.ends", Files.join(place, "2-link.ends")) == 0)
    #expect(mkfifo(Files.join(place, "3-pipe.ends"), 0o600) == 0)
    try Files.write(
      bytes("elsewhere 1 1 b\n+two\n"), to: Files.join(place, "4-x.ends"), mode: 0o600)
    try leave("+three\n", as: "other")
    #expect(lines() == ["one"])
  }

  @Test func `a directory that others may write to is not used`() throws {
    defer { Files.removeTree(directory) }
    try leave("+one\n")
    chmod(place, 0o777)
    #expect(lines() == [])
    #expect(throws: PosixError.self) { try ProcessFile(in: place) }
    let link = Files.join(directory, "link")
    chmod(place, 0o700)
    #expect(symlink(place, link) == 0)
    #expect(throws: PosixError.self) { try ProcessFile(in: link) }
  }
}

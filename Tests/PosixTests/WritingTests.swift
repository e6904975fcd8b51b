import Glibc
import Testing

@testable import Posix

/// Files that users name, and our own files.
@Suite final class WritingTests {
  private let place: String

  init() throws { place = try Files.makeTemporaryDirectory(prefix: "posix-tests-") }

  deinit { Files.removeTree(place) }

  private func path(_ name: String) -> String { Files.join(place, name) }

  private func text(_ name: String) throws -> String {
    String(decoding: try Files.read(path(name)), as: UTF8.self)
  }

  private func info(_ name: String) -> stat {
    var info = stat()
    _ = lstat(path(name), &info)
    return info
  }

  private func save(_ text: String, to name: String) throws {
    try Files.save(Array(text.utf8), to: path(name))
  }

  @Test func `saving to a link keeps the link and replaces its target`() throws {
    try Files.write(Array("old".utf8), to: path("target"), mode: 0o640)
    #expect(symlink("target", path("link")) == 0)
    try save("new", to: "link")
    #expect(try text("target") == "new")
    #expect(info("link").st_mode & S_IFMT == S_IFLNK)
    #expect(info("target").st_mode & 0o777 == 0o640)
    #expect(Files.list(place) == ["link", "target"], "no draft is left")
  }

  @Test func `saving to a dangling link creates its target`() throws {
    #expect(symlink("later", path("link")) == 0)
    try save("new", to: "link")
    #expect(try text("later") == "new")
    #expect(info("link").st_mode & S_IFMT == S_IFLNK)
  }

  @Test func `circular links are an error`() {
    #expect(symlink("b", path("a")) == 0 && symlink("a", path("b")) == 0)
    #expect(throws: PosixError("write", path("a"), code: ELOOP)) { try self.save("x", to: "a") }
  }

  @Test func `a device is written in place`() throws {
    #expect(symlink("/dev/null", path("null")) == 0)
    #expect(symlink("/dev/full", path("full")) == 0)
    try save("text", to: "null")
    #expect(throws: PosixError("write", "/dev/full", code: ENOSPC)) {
      try self.save("text", to: "full")
    }
    #expect(info("null").st_mode & S_IFMT == S_IFLNK)
    var device = stat()
    #expect(stat("/dev/null", &device) == 0 && device.st_mode & S_IFMT == S_IFCHR)
  }

  @Test func `a pipe is written in place`() throws {
    #expect(mkfifo(path("pipe"), 0o600) == 0)
    // Open for reading and writing, so that neither end waits.
    let reader = Descriptor(owning: open(path("pipe"), O_RDWR | O_CLOEXEC))
    try save("through", to: "pipe")
    #expect(try DescriptorIO.read(reader.number) == Array("through".utf8))
    #expect(info("pipe").st_mode & S_IFMT == S_IFIFO)
  }

  @Test func `a socket and a directory are errors`() throws {
    let socket = Descriptor(
      owning: Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0))
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path("socket").utf8) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let isBound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket.number, $0, size) }
    }
    #expect(isBound == 0)
    let error = #expect(throws: PosixError.self) { try self.save("x", to: "socket") }
    #expect(error?.reason == "it is a socket")
    #expect(info("socket").st_mode & S_IFMT == S_IFSOCK)
    #expect(throws: PosixError("write", place, code: EISDIR)) { try Files.save([], to: self.place) }
  }

  @Test func `a file with two names keeps both`() throws {
    try Files.write(Array("a longer old text".utf8), to: path("one"))
    #expect(link(path("one"), path("two")) == 0)
    try save("new", to: "one")
    #expect(try text("two") == "new")
    #expect(info("one").st_ino == info("two").st_ino)
  }

  @Test func `a path of our own descriptor is written to it`() throws {
    let pipe = try Pipe()
    try Files.save(Array("out".utf8), to: "/dev/fd/\(pipe.writeEnd.number)")
    #expect(try DescriptorIO.read(pipe.readEnd.number) == Array("out".utf8))
  }

  @Test func `write replaces a link instead of following it`() throws {
    try Files.write(Array("kept".utf8), to: path("outside"))
    #expect(symlink("outside", path("run.json")) == 0)
    try Files.write(Array("ours".utf8), to: path("run.json"), mode: 0o600)
    #expect(try text("outside") == "kept")
    #expect(try text("run.json") == "ours")
  }

  @Test func `a failed save leaves no temporary file`() throws {
    try Files.makeDirectory(path("directory/inside"))
    #expect(throws: PosixError.self) { try Files.write([1], to: self.path("directory")) }
    #expect(Files.list(place) == ["directory"])
  }

  @Test func `a file with a guessable temporary name is not used`() throws {
    // The names of earlier versions: the file's name with our process id.
    #expect(symlink("outside", path("report.\(getpid()).tmp")) == 0)
    try save("text", to: "report")
    #expect(!Files.exists(path("outside")))
    #expect(try text("report") == "text")
  }

  @Test func `create fails for an existing file or link`() throws {
    try Files.create(path("new"), with: [1])
    #expect(symlink("nothing", path("link")) == 0)
    for name in ["new", "link"] {
      #expect(throws: PosixError("write", path(name), code: EEXIST)) {
        try Files.create(self.path(name), with: [2])
      }
    }
    #expect(try Files.read(path("new")) == [1])
    #expect(!Files.exists(path("nothing")))
  }

  @Test(arguments: [
    (0, 0o022), (0o020, 0o022), (0o002, 0o002), (0o022, 0o022), (0o077, 0o077), (0o007, 0o007),
  ])
  func `a umask that lets everybody write counts as 022`(mask: UInt32, effective: UInt32) {
    #expect(FileMode.effective(mask) == effective)
  }

  @Test func `appending does not follow a link`() throws {
    #expect(symlink("outside", path("log")) == 0)
    #expect(throws: PosixError("write", path("log"), code: ELOOP)) {
      try Files.openForAppending(self.path("log"))
    }
    #expect(!Files.exists(path("outside")))
  }

  @Test func `a tree with names that are not UTF-8 is removed`() throws {
    try Files.makeDirectory(path("tree/deep"))
    var name = Array(path("tree/deep/x").utf8CString)
    name[name.count - 2] = CChar(bitPattern: 0xFF)
    let file = open(name, O_WRONLY | O_CREAT, 0o600)
    #expect(file >= 0)
    close(file)
    Files.removeTree(path("tree"))
    #expect(!Files.exists(path("tree")))
  }

  @Test func `a path that is not UTF-8 is an error, not repaired`() throws {
    var name = Array(path("x").utf8CString)
    name[name.count - 2] = CChar(bitPattern: 0xE9)
    #expect(mkdir(name, 0o700) == 0)
    #expect(symlink(name, path("link")) == 0)
    #expect(Files.realPath(path("link")) == nil)
    let error = #expect(throws: PosixError.self) { try Files.resolve(self.path("link")) }
    #expect(error?.reason.contains("not UTF-8") == true)
  }

  @Test func `a moved directory is followed`() throws {
    try Files.makeDirectory(path("before/inside"))
    let directory = FollowedDirectory(path("before"))
    #expect(directory.path == path("before"))
    #expect(rename(path("before"), path("after")) == 0)
    #expect(directory.path == path("after"))
    #expect(directory.place(of: path("before/inside")) == path("after/inside"))
    #expect(directory.place(of: "/elsewhere") == "/elsewhere")
    Files.removeTree(path("after"))
    #expect(directory.path == path("before"), "what is deleted keeps its path")
  }

  @Test func `the obstacle to creating files is named`() throws {
    #expect(Files.obstacle(to: path("new/deep")) == nil)
    try Files.write([], to: path("file"))
    let file = PosixError("use", path("file"), code: ENOTDIR)
    #expect(Files.obstacle(to: path("file")) == file)
    #expect(Files.obstacle(to: path("file/new/deep")) == file, "below it nothing exists")
  }
}

import Glibc
import Testing

@testable import Posix

/// Files of other users in a directory in which we work.
@Suite final class GuardedPathTests {
  private let place: String
  private static let other: uid_t = 65534
  static let isRoot = geteuid() == 0

  init() throws {
    place = try Files.makeTemporaryDirectory(prefix: "posix-tests-")
    try Files.makeDirectory(Files.join(place, "outside"))
    try Files.write(Array("secret".utf8), to: Files.join(place, "outside/file"))
    try Files.makeDirectory(Files.join(place, "base"))
  }

  deinit { Files.removeTree(place) }

  private var base: String { Files.join(place, "base") }

  private func link(_ name: String, to target: String, owner: uid_t = geteuid()) {
    #expect(symlink(target, Files.join(base, name)) == 0)
    #expect(lchown(Files.join(base, name), owner, gid_t.max) == 0)
  }

  private func guarded(_ path: String) -> GuardedPath { GuardedPath(path, below: base) }

  @Test func `links of the same user are followed, to files and directories`() throws {
    link("directory", to: "../outside")
    link("file", to: Files.join(place, "outside/file"))
    #expect(try guarded("directory/file").read() == Array("secret".utf8))
    #expect(try guarded("file").read() == Array("secret".utf8))
    #expect(guarded("directory").refusal == nil && guarded("file").refusal == nil)
    try guarded("directory/new").makePrivateDirectory()
    #expect(Files.isDirectory(Files.join(place, "outside/new")))
  }

  @Test(.enabled(if: isRoot, "links of others are made by root"))
  func `links of another user are refused in every component`() throws {
    link("directory", to: "../outside", owner: Self.other)
    link("file", to: "../outside/file", owner: Self.other)
    for path in ["directory/file", "file", "./file"] {
      let error = #expect(throws: PosixError.self) { try self.guarded(path).read() }
      #expect(error?.reason.contains("another user (uid 65534)") == true)
    }
    #expect(guarded("directory").refusal?.subject == Files.join(base, "directory"))
    #expect(throws: PosixError.self) { try self.guarded("directory/new").makePrivateDirectory() }
    #expect(throws: PosixError.self) { try self.guarded("directory/new").makeDirectories() }
    #expect(throws: PosixError.self) {
      _ = try self.guarded("directory/log").open(O_WRONLY | O_CREAT, mode: 0o600)
    }
    #expect(Files.list(Files.join(place, "outside")) == ["file"])
  }

  @Test(.enabled(if: isRoot, "directories of others are made by root"))
  func `no private directory is created where others could replace it`() throws {
    try guarded("theirs/first").makePrivateDirectory()
    #expect(chown(Files.join(base, "theirs"), Self.other, gid_t.max) == 0)
    try guarded("open/first").makePrivateDirectory()
    #expect(chmod(Files.join(base, "open"), 0o777) == 0)
    let child = #expect(throws: PosixError.self) {
      try self.guarded("theirs/second").makePrivateDirectory()
    }
    #expect(child?.reason == "it belongs to another user (uid 65534)")
    let open = #expect(throws: PosixError.self) {
      try self.guarded("open/second").makePrivateDirectory()
    }
    #expect(open?.reason == "every user can write to it")
  }

  @Test func `a private directory and its parents are new`() throws {
    try guarded("a/b/c").makePrivateDirectory()
    for path in ["a", "a/b", "a/b/c"] {
      var info = stat()
      #expect(stat(Files.join(base, path), &info) == 0 && info.st_mode & 0o777 == 0o700)
    }
    #expect(throws: PosixError("create directory", Files.join(base, "a/b/c"), code: EEXIST)) {
      try self.guarded("a/b/c").makePrivateDirectory()
    }
  }

  @Test func `opening a pipe in place of a file does not block`() throws {
    #expect(mkfifo(Files.join(base, "pipe"), 0o600) == 0)
    let error = #expect(throws: PosixError.self) { try self.guarded("pipe").read() }
    #expect(error?.reason == "it is not a regular file")
  }

  @Test func `a missing file is missing, not refused`() {
    let error = #expect(throws: PosixError.self) { try self.guarded("no/such").read() }
    #expect(error?.code == ENOENT)
    #expect(guarded("no/such").refusal == nil)
  }
}

/// Directories of a search path in which others could put programs.
@Suite final class SearchPathTests {
  private let place: String

  init() throws { place = try Files.makeTemporaryDirectory(prefix: "posix-tests-") }

  deinit { Files.removeTree(place) }

  @Test(arguments: [
    ".:/usr/bin", ":/usr/bin", "/usr/bin:", "/usr/bin::/bin", "bin:/usr/bin", "/bin:./tools",
  ])
  func `the current directory is a risk in every spelling`(path: String) throws {
    let risk = try #require(SearchPath.risk(in: path))
    #expect(risk.contains("current directory"))
    #expect(!risk.contains("\n"))
  }

  @Test func `a world-writable directory before the system's is a risk`() throws {
    #expect(SearchPath.risk(in: "\(place):/usr/bin") == nil)
    #expect(chmod(place, 0o777) == 0)
    let risk = try #require(SearchPath.risk(in: "\(place):/usr/bin:\(place)"))
    #expect(risk.contains("\(place) before the system's (every user can write to it)"))
    #expect(SearchPath.risk(in: "/usr/bin:\(place)") == nil)
  }

  @Test(.enabled(if: geteuid() == 0, "directories of others are made by root"))
  func `a directory of another user before the system's is a risk`() throws {
    #expect(chown(place, 65534, 65534) == 0)
    #expect(SearchPath.risk(in: "\(place):/usr/bin")?.contains("uid 65534") == true)
  }

  @Test(arguments: ["", "/usr/local/bin:/usr/bin:/bin", "/no/such/directory:/usr/bin"])
  func `a usual path is not a risk`(path: String) { #expect(SearchPath.risk(in: path) == nil) }
}

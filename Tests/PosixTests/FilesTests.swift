import Glibc
import Posix
import Testing

@Suite struct FilesTests {
  private func inTemporaryDirectory(_ body: (String) throws -> Void) throws {
    let path = try Files.makeTemporaryDirectory(prefix: "posix-tests-")
    defer { Files.removeTree(path) }
    try body(path)
  }

  @Test func `a written file can be read back and is replaced as a whole`() throws {
    try inTemporaryDirectory { place in
      let file = Files.join(place, "data")
      let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
      try Files.write(bytes, to: file, mode: 0o600)
      try Files.write(bytes.reversed(), to: file, mode: 0o600)
      #expect(try Files.read(file) == bytes.reversed())
      #expect(Files.size(file) == bytes.count)
      #expect(Files.list(place) == ["data"], "no draft is left")
      var info = stat()
      #expect(stat(file, &info) == 0 && info.st_mode & 0o777 == 0o600)
    }
  }

  @Test func `a missing file is named`() throws {
    let error = #expect(throws: PosixError.self) { _ = try Files.read("/nowhere/at all") }
    #expect("\(try #require(error))" == "read /nowhere/at all: No such file or directory")
    #expect(throws: PosixError.self) { try Files.write([], to: "/nowhere/at all") }
    #expect(Files.size("/nowhere") == nil)
    #expect(Files.list("/nowhere") == [])
    #expect(Files.realPath("/nowhere") == nil)
  }

  @Test func `directories are created with their parents, repeatedly without harm`() throws {
    try inTemporaryDirectory { place in
      let deep = Files.join(place, "a/b/c")
      try Files.makeDirectory(deep)
      try Files.makeDirectory(deep)
      #expect(Files.isDirectory(deep))
      try Files.write([1], to: Files.join(place, "file"))
      #expect(throws: PosixError.self) {
        try Files.makeDirectory(Files.join(place, "file/below"))
      }
    }
  }

  @Test func `a temporary directory is private and new`() throws {
    try inTemporaryDirectory { first in
      try inTemporaryDirectory { second in
        #expect(first != second)
        var info = stat()
        #expect(stat(first, &info) == 0 && info.st_mode & 0o777 == 0o700)
      }
    }
  }

  @Test func `removing a tree does not follow links`() throws {
    try inTemporaryDirectory { place in
      let kept = Files.join(place, "kept")
      let removed = Files.join(place, "removed")
      try Files.makeDirectory(kept)
      try Files.write([1], to: Files.join(kept, "file"))
      try Files.makeDirectory(Files.join(removed, "inside"))
      #expect(symlink(kept, Files.join(removed, "inside/link")) == 0)
      Files.removeTree(removed)
      #expect(!Files.exists(removed))
      #expect(Files.exists(Files.join(kept, "file")))
    }
  }

  @Test func `appending creates the file and adds to it`() throws {
    try inTemporaryDirectory { place in
      for part in ["one", "two"] {
        let file = Descriptor(owning: try Files.openForAppending(Files.join(place, "log")))
        try DescriptorIO.write(part, to: file.number)
      }
      #expect(try Files.read(Files.join(place, "log")) == Array("onetwo".utf8))
    }
  }

  @Test(arguments: [
    ("/a/b/c", "/a/b", "c"), ("/a", "/", "a"), ("a/b", "a", "b"), ("a", ".", "a"),
    ("/a/b/", "/a", "b"),
  ])
  func `paths are split`(path: String, parent: String, name: String) {
    #expect(Files.parent(of: path) == parent)
    #expect(Files.name(of: path) == name)
  }

  @Test(arguments: [
    ("/a", "b", "/a/b"), ("/a/", "b", "/a/b"), ("/a", "/b", "/b"), ("/", "b", "/b"),
  ])
  func `paths are joined`(directory: String, name: String, expected: String) {
    #expect(Files.join(directory, name) == expected)
  }

  @Test func `programs are found in PATH, names with a slash as they are`() throws {
    #expect(Files.findExecutable("sh")?.hasSuffix("/sh") == true)
    #expect(Files.findExecutable("no-such-program-here") == nil)
    #expect(Files.findExecutable("/bin/sh") == "/bin/sh")
    try inTemporaryDirectory { place in
      let file = Files.join(place, "plain")
      try Files.write([], to: file)
      #expect(Files.findExecutable(file) == nil)
      #expect(Files.findExecutable(place) == nil, "a directory is no program")
    }
  }

  @Test func `readRegular reads only regular files`() throws {
    try inTemporaryDirectory { place in
      let (file, pipe) = (Files.join(place, "file"), Files.join(place, "pipe"))
      try Files.write([1, 2], to: file)
      #expect(mkfifo(pipe, 0o600) == 0)
      #expect(try Files.readRegular(file) == [1, 2])
      #expect(Files.isRegular(file) && !Files.isRegular(pipe) && !Files.isRegular(place))
      for path in [pipe, place, "/dev/zero", Files.join(place, "none")] {
        #expect(throws: PosixError.self) { try Files.readRegular(path) }
      }
    }
  }

  @Test func `a tree is copied without links and pipes`() throws {
    try inTemporaryDirectory { place in
      try Files.makeDirectory(Files.join(place, "from/inner"))
      let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
      try Files.write(bytes, to: Files.join(place, "from/inner/data"))
      #expect(mkfifo(Files.join(place, "from/pipe"), 0o600) == 0)
      #expect(symlink("/etc", Files.join(place, "from/link")) == 0)
      let target = Files.join(place, "to")
      try Files.copyTree(Files.join(place, "from"), to: target)
      #expect(Files.list(target) == ["inner"])
      #expect(try Files.read(Files.join(target, "inner/data")) == bytes)
      #expect(throws: PosixError.self) {
        try Files.copyTree(Files.join(place, "none"), to: target)
      }
    }
  }
}

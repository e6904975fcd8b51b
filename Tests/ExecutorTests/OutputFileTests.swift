import Posix
import Testing

@testable import Executor

/// Where the files of an executor are created.
struct OutputFileTests {
  @Test func `a jobs' directory that was removed is not created again`() throws {
    let place = try Files.makeTemporaryDirectory(prefix: "hx")
    defer { Files.removeTree(place) }
    let gone = OutputFile(GuardedPath("logs-hf/out.log", below: "\(place)/gone"))
    #expect(gone.write([65])?.contains("No such file") == true)
    #expect(!Files.exists("\(place)/gone"))
    let there = OutputFile(GuardedPath("logs-hf/out.log", below: place))
    #expect(there.write([65]) == nil)
    let named = OutputFile(GuardedPath("out.log", below: "\(place)/named"), makesBase: true)
    #expect(named.write([65]) == nil)
    #expect(try Files.read("\(place)/named/out.log") == [65])
  }
}

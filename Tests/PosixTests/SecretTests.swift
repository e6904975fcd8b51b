import Glibc
import Posix
import Testing

struct SecretTests {
  private let path: String

  init() throws {
    let directory = try Files.makeTemporaryDirectory(prefix: "hp")
    path = "\(directory)/key"
    try Files.write(Array("secret".utf8), to: path, mode: 0o600)
  }

  private var failure: String? {
    do throws(PrivateFile.Failure) {
      _ = try PrivateFile.read(path)
      return nil
    } catch {
      return error.description
    }
  }

  @Test func `a file that only this user can use is read`() throws {
    #expect(try PrivateFile.read(path) == Array("secret".utf8))
    chmod(path, 0o400)
    #expect(try PrivateFile.read(path) == Array("secret".utf8))
  }

  @Test(arguments: [0o640, 0o604, 0o620, 0o602, 0o610, 0o601] as [mode_t])
  func `a file that others can use in any way is refused`(mode: mode_t) throws {
    chmod(path, mode)
    let text = try #require(failure)
    #expect(text.contains("mode \(String(mode, radix: 8))"))
    #expect(text.contains("chmod 600 \(path)"))
    #expect(!text.contains("secret"))
  }

  @Test(.enabled(if: geteuid() == 0))
  func `a file of another user is refused`() {
    chown(path, 12345, 12345)
    #expect(failure?.contains("belongs to another user") == true)
  }

  @Test func `a directory, a pipe and a missing file are refused`() throws {
    #expect(throws: PrivateFile.Failure.self) { try PrivateFile.read(Files.parent(of: path)) }
    #expect(throws: PrivateFile.Failure.self) { try PrivateFile.read("\(path)-none") }
    #expect(mkfifo("\(path)-pipe", 0o600) == 0)
    #expect(throws: PrivateFile.Failure.self) { try PrivateFile.read("\(path)-pipe") }
  }

  @Test func `a withdrawn variable is gone from the environment`() {
    let name = "HFLOW_TEST_\(UInt32.random(in: 0 ... .max))"
    setenv(name, "a secret", 1)
    #expect(Environment.withdraw(name) == "a secret")
    #expect(Environment[name] == nil)
    #expect(Environment.withdraw(name) == nil)
  }
}

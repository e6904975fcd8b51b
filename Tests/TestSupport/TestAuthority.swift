import Glibc
import Posix

/// An authority that signs certificates, made with `openssl` in a directory.
public final class TestAuthority: Sendable {
  public let file: String
  private let directory: String
  private let name: String

  /// A certificate with its key.
  public struct Pair: Sendable {
    public let certificate: String
    public let key: String
  }

  struct Failed: Error { let words: [String] }

  public init(_ name: String = "authority", in directory: String) throws {
    self.directory = directory
    self.name = name
    file = Files.join(directory, "\(name).pem")
    try Self.openssl(
      [
        "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=\(name)", "-keyout", "\(name).key",
        "-out", "\(name).pem",
      ] + Self.newKey, in: directory)
  }

  /// A certificate for names such as `DNS:redis.test` or `IP:127.0.0.1`.
  public func sign(_ owner: String, for names: String...) throws -> Pair {
    let base = "\(name)-\(owner)"
    try Self.openssl(
      [
        "req", "-new", "-nodes", "-subj", "/CN=\(owner)", "-keyout", "\(base).key", "-out",
        "\(base).csr", "-addext", "subjectAltName=\(names.joined(separator: ","))",
      ] + Self.newKey, in: directory)
    try Self.openssl(
      [
        "x509", "-req", "-in", "\(base).csr", "-CA", "\(name).pem", "-CAkey", "\(name).key",
        "-CAcreateserial", "-copy_extensions", "copyall", "-days", "2", "-out", "\(base).pem",
      ], in: directory)
    return Pair(
      certificate: Files.join(directory, "\(base).pem"), key: Files.join(directory, "\(base).key"))
  }

  private static let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]

  public static func openssl(_ words: [String], in directory: String) throws {
    var request = SpawnRequest("openssl", words)
    request.directory = directory
    let log = try Files.openForAppending(Files.join(directory, "openssl.log"))
    defer { close(log) }
    request.standardOutput = .descriptor(log)
    request.standardError = .descriptor(log)
    guard try Child.spawn(request).wait()?.status == .exited(0) else { throw Failed(words: words) }
  }
}

/// A port of 127.0.0.1 that nobody listens on.
public enum FreePort {
  public static func find() throws -> Int {
    let descriptor = Descriptor(owning: socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor.number, $0, length) == 0
          && getsockname(descriptor.number, $0, &length) == 0
      }
    }
    guard isBound else { throw PosixError("bind", "127.0.0.1") }
    return Int(UInt16(bigEndian: address.sin_port))
  }
}

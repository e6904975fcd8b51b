import Glibc
import Posix

enum LoopbackPort {
  /// A port of 127.0.0.1 that is free at this moment.
  static func free() throws(RedisError) -> Int {
    let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard number >= 0 else { throw failure() }
    let probe = Descriptor(owning: number)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(probe.number, $0, length) == 0 ? getsockname(probe.number, $0, &length) : -1
      }
    }
    guard code == 0 else { throw failure() }
    return Int(UInt16(bigEndian: address.sin_port))
  }

  private static func failure() -> RedisError {
    RedisError(.connect, "no free port on 127.0.0.1: \(PosixError("bind").reason)")
  }
}

import Glibc

/// The address of this host in its network.
public enum HostAddress {
  /// The IPv4 address from which packets to other networks go out, or `nil` without a network. No
  /// packet is sent.
  public static var outgoing: String? {
    let number = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    guard number >= 0 else { return nil }
    let probe = Descriptor(owning: number)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(9).bigEndian
    // An address that is reserved for documentation: no host has it.
    address.sin_addr.s_addr = UInt32(0xC000_0201).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(probe.number, $0, length) == 0 ? getsockname(probe.number, $0, &length) : -1
      }
    }
    guard code == 0 else { return nil }
    let bits = UInt32(bigEndian: address.sin_addr.s_addr)
    return [24, 16, 8, 0].map { "\(bits >> $0 & 0xFF)" }.joined(separator: ".")
  }
}

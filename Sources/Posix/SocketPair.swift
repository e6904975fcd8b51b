import Glibc

/// Two connected sockets that close on exec: one for this process, one for a child.
@frozen public struct SocketPair: ~Copyable, Sendable {
  public let parent: Descriptor
  public let child: Descriptor

  public init() throws(PosixError) {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw PosixError("socketpair") }
    parent = Descriptor(owning: ends[0])
    child = Descriptor(owning: ends[1])
  }

  /// Closes the child's end, once the child has it.
  public consuming func keepingParent() -> Descriptor { parent }
}

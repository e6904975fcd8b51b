import Glibc
import Posix
import Synchronization
import Testing

@testable import Redis

/// A name server that is silent for as long as a test wants.
private final class SlowResolver: Sendable {
  private let isOpen = WakePipe()
  private let count = Mutex(0)

  var calls: Int { count.withLock { $0 } }

  func answer() { isOpen.wake() }

  func resolve(_ host: String) -> Result<[String], HostLookup.ResolverError> {
    count.withLock { $0 += 1 }
    _ = Poll.wait(for: isOpen.descriptor, POLLIN, milliseconds: -1)
    return host == "unknown"
      ? .failure(.init(reason: "Name or service not known")) : .success(["192.0.2.7"])
  }
}

@Suite struct HostLookupTests {
  @Test func `a silent name server holds nobody up, and its late answer is used`() {
    let resolver = SlowResolver()
    let lookup = HostLookup { resolver.resolve($0) }
    #expect(lookup.addresses(of: "redis", milliseconds: 1) == .late)
    #expect(lookup.addresses(of: "redis", milliseconds: 1) == .late)
    resolver.answer()
    #expect(lookup.addresses(of: "redis", milliseconds: -1) == .addresses(["192.0.2.7"]))
    #expect(resolver.calls <= 2, "waiting callers share a lookup")
    #expect(
      lookup.addresses(of: "unknown", milliseconds: -1)
        == .failed(reason: "Name or service not known"))
  }

  @Test func `closing a connection ends its wait for a name`() throws {
    let resolver = SlowResolver()
    defer { resolver.answer() }
    let lookup = HostLookup { resolver.resolve($0) }
    let interrupt = WakePipe()
    interrupt.wake()
    #expect(
      lookup.addresses(
        of: "redis", milliseconds: -1, interruptDescriptor: interrupt.descriptor) == .interrupted)
  }

  @Test(arguments: [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("localhost", "127.0.0.1")])
  func `the system finds an address`(host: String, address: String) {
    let answer = HostLookup.shared.addresses(of: host, milliseconds: -1)
    guard case .addresses(let addresses) = answer else {
      Issue.record("\(host): \(answer)")
      return
    }
    #expect(addresses.first == address)
  }

  @Test func `a name that nobody knows is refused with the name`() {
    let error = #expect(throws: RedisError.self) {
      try RedisConnection(RedisURL(parsing: "redis://no-such-host.invalid:6379"))
    }
    #expect(error?.code == .connect)
    #expect(error?.description.contains("no-such-host.invalid") == true)
  }
}

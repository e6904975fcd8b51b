import Glibc
import Posix
import Synchronization

/// Looks up the addresses of hosts. Each lookup has a thread of its own, because the system's
/// resolver has no timeout and needs up to half a minute if a name server does not answer.
///
/// A lookup continues when its caller stops waiting. The next caller with the same name waits for
/// the same lookup, so callers with short timeouts also get the answer of a slow name server.
final class HostLookup: Sendable {
  /// Returns numeric addresses, IPv4 first, or the error of `getaddrinfo`.
  typealias Resolver = @Sendable (_ host: String) -> Result<[String], ResolverError>

  struct ResolverError: Error, Equatable {
    let reason: String
  }

  enum Answer: Equatable {
    case addresses([String])
    case failed(reason: String)
    case late
    /// The caller's interrupt descriptor became readable.
    case interrupted
  }

  static let shared = HostLookup { resolve($0) }

  private let resolver: Resolver
  private let lookups = Mutex<[String: Lookup]>([:])

  init(resolver: @escaping Resolver) {
    self.resolver = resolver
  }

  /// Waits at most `milliseconds`.
  func addresses(of host: String, milliseconds: Int, interruptDescriptor: Int32 = -1) -> Answer {
    let lookup: Lookup
    do throws(PosixError) {
      lookup = try running(host)
    } catch {
      return .failed(reason: error.description)
    }
    var entries = [
      pollfd(fd: lookup.isDone.descriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: interruptDescriptor, events: Int16(POLLIN), revents: 0),
    ]
    guard Poll.wait(&entries, milliseconds: milliseconds) > 0 else { return .late }
    guard entries[0].revents != 0 else { return .interrupted }
    switch lookup.result.withLock({ $0 }) {
    case .success(let addresses): return .addresses(addresses)
    case .failure(let error): return .failed(reason: error.reason)
    case nil: return .late
    }
  }

  private func running(_ host: String) throws(PosixError) -> Lookup {
    let (lookup, isNew) = lookups.withLock { lookups in
      if let lookup = lookups[host] { return (lookup, false) }
      let lookup = Lookup()
      lookups[host] = lookup
      return (lookup, true)
    }
    guard isNew else { return lookup }
    do throws(PosixError) {
      try lookup.isDone.check()
      try Self.startThread {
        let result = self.resolver(host)
        // The next caller starts another lookup, because addresses change.
        self.lookups.withLock { $0[host] = nil }
        lookup.result.withLock { $0 = result }
        lookup.isDone.wake()
      }
    } catch {
      lookups.withLock { $0[host] = nil }
      throw error
    }
    return lookup
  }

  private final class Lookup: Sendable {
    let result = Mutex<Result<[String], ResolverError>?>(nil)
    /// Becomes readable when `result` is set, and stays so, because several callers may wait.
    let isDone = WakePipe()
  }

  private final class Work: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  private static func startThread(_ run: @escaping @Sendable () -> Void) throws(PosixError) {
    let work = Unmanaged.passRetained(Work(run))
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, work.toOpaque())
    guard code == 0 else {
      work.release()
      throw PosixError("pthread_create", "", code: code)
    }
    pthread_detach(thread)
  }

  private static func resolve(_ host: String) -> Result<[String], ResolverError> {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, nil, &hints, &list)
    guard code == 0 else {
      return .failure(ResolverError(reason: String(cString: gai_strerror(code))))
    }
    defer { freeaddrinfo(list) }
    var addresses: (v4: [String], others: [String]) = ([], [])
    var next = list
    while let entry = next?.pointee {
      next = entry.ai_next
      var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      let length = socklen_t(text.count)
      guard
        getnameinfo(entry.ai_addr, entry.ai_addrlen, &text, length, nil, 0, NI_NUMERICHOST) == 0
      else { continue }
      let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      let address = String(decoding: bytes, as: UTF8.self)
      if entry.ai_family == AF_INET {
        addresses.v4.append(address)
      } else {
        addresses.others.append(address)
      }
    }
    return .success(addresses.v4 + addresses.others)
  }
}

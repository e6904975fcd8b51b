import Glibc
import Posix
import Testing

@testable import Runs

/// Each row of the table in `EngineLiveness`.
@Suite struct EngineLivenessTests {
  private let alive = LeaseToken().text

  /// The token of an engine on this host that has ended.
  private func dead() throws -> String {
    let child = try Child.spawn(SpawnRequest("sleep", ["1000"]))
    let identity = try #require(ProcessIdentity(of: Int(child.pid)))
    child.send(SIGKILL)
    _ = child.wait()
    return """
      {"host": "\(Environment.hostName)", "process": "\(identity.text)", "chance": "x"}
      """
  }

  /// Whether an engine is alive after each reading of the lease.
  private func looks(_ tokens: String?...) -> [Bool] {
    var liveness = EngineLiveness()
    return tokens.map { token in
      let was = liveness.isAlive
      let isNews = liveness.leaseRead(token)
      #expect(isNews == (was != liveness.isAlive))
      return liveness.isAlive
    }
  }

  @Test func `a held lease means that an engine is alive`() {
    #expect(looks(alive, "what another version wrote") == [true, true])
  }

  @Test func `a local engine's end is detected at once, and so is another engine`() throws {
    let dead = try dead()
    #expect(looks(dead, dead, alive) == [false, false, true])
  }

  @Test func `without Redis only a local engine's end is detected`() throws {
    var liveness = EngineLiveness()
    var news = [liveness.leaseUnreadable()]
    let child = try Child.spawn(SpawnRequest("sleep", ["1000"]))
    let identity = try #require(ProcessIdentity(of: Int(child.pid)))
    let token = """
      {"host": "\(Environment.hostName)", "process": "\(identity.text)", "chance": "x"}
      """
    news += [liveness.leaseRead(token), liveness.leaseUnreadable()]
    child.send(SIGKILL)
    _ = child.wait()
    news += [liveness.leaseUnreadable(), liveness.leaseUnreadable(), liveness.leaseRead(alive)]
    #expect(news == [false, false, false, true, false, true], "its end is said once")
  }

  @Test func `an expired lease must be missing twice`() {
    #expect(looks(nil, alive, nil, nil, nil, alive) == [true, true, true, false, false, true])
  }
}

import Redis
import Testing

@testable import Runner

/// What is reported about outages: each row of the table in `OutageReporting`.
@Suite struct OutageReportingTests {
  private let refused = RedisState.lost(RedisError(.connect, "refused"))
  private let loading = RedisState.lost(RedisError(.connect, "LOADING"))
  private let broken = RedisState.lost(RedisError(.io, "broken pipe"))

  @Test func `a connection that is replaced at once is not reported`() {
    var reporting = OutageReporting()
    #expect(reporting.observe(broken, from: 0, at: 0) == nil)
    #expect(reporting.observe(.connected, from: 0, at: 1) == nil)
  }

  @Test func `an outage is reported once for each reason, its end with its length`() {
    var reporting = OutageReporting()
    #expect(reporting.observe(broken, from: 0, at: 100) == nil)
    #expect(reporting.observe(refused, from: 0, at: 200) == .lost(reason: "refused"))
    #expect(reporting.observe(.retrying(inMilliseconds: 5), from: 0, at: 200) == nil)
    #expect(reporting.observe(refused, from: 0, at: 300) == nil)
    #expect(reporting.observe(loading, from: 0, at: 400) == .lost(reason: "LOADING"))
    #expect(reporting.observe(.connected, from: 0, at: 5200) == .back(afterMilliseconds: 5000))
    #expect(reporting.observe(.connected, from: 0, at: 5300) == nil)
    #expect(reporting.observe(refused, from: 0, at: 6000) == .lost(reason: "refused"))
  }

  @Test func `several connections share an outage`() {
    var reporting = OutageReporting()
    #expect(reporting.observe(refused, from: 0, at: 0) == .lost(reason: "refused"))
    #expect(reporting.observe(refused, from: 1, at: 1) == nil)
    #expect(reporting.observe(loading, from: 1, at: 2) == nil)
    #expect(reporting.observe(.connected, from: 0, at: 3) == .lost(reason: "LOADING"))
    #expect(reporting.observe(.connected, from: 1, at: 4) == .back(afterMilliseconds: 4))
  }

  @Test func `an engine that gives up does not report that Redis is back`() {
    var reporting = OutageReporting()
    #expect(reporting.observe(refused, from: 0, at: 0) == .lost(reason: "refused"))
    #expect(reporting.observe(.closed, from: 0, at: 1) == nil)
  }
}

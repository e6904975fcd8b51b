import Testing

@testable import Runner

/// The rows of the table in `RestartRule`.
@Suite struct RestartRuleTests {
  @Test func `a server that ran for a second is restarted at once, however often`() {
    var rule = RestartRule()
    var now = 0
    for _ in 0..<1000 {
      rule.started(at: now)
      now += RestartRule.sound
      #expect(rule.failed(at: now) == 0)
    }
  }

  @Test func `pauses grow while starts fail, and reset after a success`() {
    var rule = RestartRule()
    rule.started(at: 0)
    #expect(rule.failed(at: 1000) == 0)
    let pauses = (0..<8).map { _ in rule.failed(at: 1000) }
    #expect(pauses == [100, 200, 400, 800, 1600, 3200, 5000, 5000])
    rule.started(at: 2000)
    #expect(rule.failed(at: 2999) == 5000)
    rule.started(at: 4000)
    #expect(rule.failed(at: 5000) == 0)
    #expect(rule.failed(at: 5000) == 100)
  }

  @Test func `after half a minute of failed starts the engine gives up`() {
    var rule = RestartRule()
    #expect(rule.failed(at: 1000) == 100)
    #expect(rule.failed(at: 1000 + RestartRule.giveUpMilliseconds - 1) != nil)
    #expect(rule.failed(at: 1000 + RestartRule.giveUpMilliseconds) == nil)
  }
}

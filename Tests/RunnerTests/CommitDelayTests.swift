import Testing

@testable import Runner

@Suite struct CommitDelayTests {
  @Test(arguments: [
    (jobs: 0, slots: 2, rest: 0), (15, 2, 0), (16, 2, 5), (100_000, 2, 5),
    // No worker is known yet, so the first report must not wait.
    (100_000, 0, 0), (0, 0, 0),
  ])
  func `reports gather only while many jobs are queued`(jobs: Int, slots: Int, rest: Int) {
    #expect(CommitDelay.milliseconds(jobsAhead: jobs, slots: slots) == rest)
  }
}

import Testing

@testable import Runner

@Suite struct CommitDelayTests {
  @Test(arguments: [
    (jobs: 0, slots: 2, rest: 0), (15, 2, 0), (16, 2, 5), (100_000, 2, 5),
    // Nobody has been heard of yet: the first report is not to wait.
    (100_000, 0, 0), (0, 0, 0),
  ])
  func `reports gather only while many jobs are queued`(jobs: Int, slots: Int, rest: Int) {
    #expect(CommitDelay.milliseconds(jobsAhead: jobs, slots: slots) == rest)
  }
}

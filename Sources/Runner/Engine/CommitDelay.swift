/// How long the engine lets reports gather, so that one commit replaces many.
///
/// While the workers have enough jobs queued, nobody waits for the engine.
///
/// | queued jobs for each slot | pause between two reads |
/// |---|---|
/// | fewer than 8 | none: the next job may depend on a report |
/// | 8 or more | 5 ms: the shortest jobs take about a millisecond |
enum CommitDelay {
  static func milliseconds(jobsAhead: Int, slots: Int) -> Int {
    slots > 0 && jobsAhead >= 8 * slots ? 5 : 0
  }
}

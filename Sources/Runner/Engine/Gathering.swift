/// How long the engine lets reports gather, so that one commit is made of what would be many.
///
/// While the workers have more than enough to do, nobody waits for the engine.
///
/// | jobs ahead, of each slot | rest between two looks |
/// |---|---|
/// | fewer than 8 | none: the next job may depend on what is reported |
/// | 8 or more | 5 ms: the shortest jobs take about a millisecond |
enum Gathering {
  static func milliseconds(jobsAhead: Int, slots: Int) -> Int {
    slots > 0 && jobsAhead >= 8 * slots ? 5 : 0
  }
}

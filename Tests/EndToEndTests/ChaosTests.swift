import Posix
import Testing

/// Engine, worker and Redis are killed with -9 at random moments from a seed.
/// `make chaos SEEDS=200` runs more seeds; `HFLOW_CHAOS_FIRST` begins with another one.
@Suite struct ChaosTests {
  private static func number(_ name: String, else other: Int) -> Int {
    Environment[name].flatMap { Int($0) } ?? other
  }

  @Test func `after any kill no job is lost and no finished job runs again`()
    async throws
  {
    let first = Self.number("HFLOW_CHAOS_FIRST", else: 1)
    let seeds = Array(first..<first + Self.number("HFLOW_CHAOS_SEEDS", else: 30))
    await withTaskGroup(of: Void.self) { group in
      // Two seeds at a time: more would only wait for each other.
      for lane in 0..<2 {
        group.addTask {
          for seed in seeds where seed % 2 == lane {
            do {
              try await onThread { try ChaosRun(seed: UInt64(seed)).run() }
            } catch {
              Issue.record("seed \(seed): \(error)")
            }
          }
        }
      }
    }
  }
}

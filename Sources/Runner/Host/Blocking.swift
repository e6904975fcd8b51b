import Glibc
import Posix
public import Runs
import Synchronization

/// Waits for asynchronous code on an ordinary thread.
public enum Blocking {
  public static func wait<Value: Sendable>(
    _ body: @escaping @Sendable () async throws(RunnerError) -> Value
  ) throws(RunnerError) -> Value {
    let result = Mutex<Result<Value, RunnerError>?>(nil)
    guard let done = try? Pipe() else {
      throw RunnerError(.infrastructure, "no file descriptor is left in this process")
    }
    let end = done.writeEnd.number
    Task.detached {
      let outcome: Result<Value, RunnerError>
      do throws(RunnerError) {
        outcome = .success(try await body())
      } catch {
        outcome = .failure(error)
      }
      result.withLock { $0 = outcome }
      _ = write(end, [1], 1)
    }
    _ = Poll.wait(for: done.readEnd.number, POLLIN, milliseconds: -1)
    guard let outcome = result.withLock({ $0 }) else {
      throw RunnerError(.infrastructure, "the call ended without a result")
    }
    return try outcome.get()
  }
}

import Glibc

/// Wakes a thread that waits in `poll`.
public final class WakePipe: Sendable {
  private let pipe: Pipe?
  private let failure: PosixError?

  /// Without a free descriptor there is no pipe; call `check` before waiting on it.
  public init() {
    do throws(PosixError) {
      pipe = try Pipe(nonblocking: true)
      failure = nil
    } catch {
      pipe = nil
      failure = error
    }
  }

  /// Throws if there is no pipe.
  public func check() throws(PosixError) {
    if let failure { throw failure }
  }

  /// Readable after `wake`; -1 without a pipe.
  public var descriptor: Int32 {
    switch pipe {
    case .some(let pipe): pipe.readEnd.number
    case .none: -1
    }
  }

  /// A full pipe is readable already.
  public func wake() {
    switch pipe {
    case .some(let pipe): _ = write(pipe.writeEnd.number, [1], 1)
    case .none: break
    }
  }

  public func drain() {
    while descriptor >= 0, let bytes = try? DescriptorIO.read(descriptor), bytes.count == 65536 {}
  }
}

import Glibc
import Posix

/// Wakes a thread that waits in `poll`.
final class WakePipe: Sendable {
  private let pipe: Pipe?

  /// Without a free descriptor there is no pipe; call `check` before waiting on it.
  init() { pipe = try? Pipe(nonblocking: true) }

  func check() throws(RedisError) {
    if descriptor < 0 { throw RedisError(.io, "no file descriptor is left in this process") }
  }

  /// Readable after `wake`; -1 without a pipe.
  var descriptor: Int32 {
    switch pipe {
    case .some(let pipe): pipe.readEnd.number
    case .none: -1
    }
  }

  /// A full pipe is readable already.
  func wake() {
    switch pipe {
    case .some(let pipe): _ = write(pipe.writeEnd.number, [1], 1)
    case .none: break
    }
  }

  func drain() {
    while descriptor >= 0, let bytes = try? DescriptorIO.read(descriptor), bytes.count == 65536 {}
  }
}

@preconcurrency import Dispatch
import Glibc
import Posix

/// Brings the append-only file of a server to the disk about once a second, as long as this lives.
///
/// Redis can do so itself (`appendfsync everysec`), but while such a sync lasts it answers before
/// it has written: killed in that moment of a busy disk, it forgets what it has acknowledged. With
/// `appendfsync no` everything is with the kernel before it is answered, and only a power cut can
/// take something away; that is what this keeps short.
public final class DiskSync: Sendable {
  private let timer: any DispatchSourceTimer

  public init(dataDirectory: String, everyMilliseconds: Int = 1000) {
    let data = FollowedDirectory(dataDirectory)
    // A queue of its own: a sync waits for the disk.
    timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "hflow.disk-sync"))
    timer.schedule(
      deadline: .now() + .milliseconds(everyMilliseconds),
      repeating: .milliseconds(everyMilliseconds))
    var synced: [String: Int] = [:]
    timer.setEventHandler {
      // Redis 7 has a directory of files, earlier ones have a single file.
      let path = data.path
      synced = Self.sync([path, Files.join(path, "appendonlydir")], synced)
    }
    timer.resume()
  }

  deinit { timer.cancel() }

  /// Syncs the files whose size is not the known one; returns the sizes that are on the disk, by
  /// path.
  static func sync(_ directories: [String], _ known: [String: Int]) -> [String: Int] {
    var sizes: [String: Int] = [:]
    for directory in directories {
      for name in Files.list(directory) where name.hasSuffix(".aof") {
        let path = Files.join(directory, name)
        guard let size = Files.size(path), let file = try? Files.openForReading(path) else {
          continue
        }
        if known[path] == size || fdatasync(file.number) == 0 { sizes[path] = size }
      }
    }
    return sizes
  }
}

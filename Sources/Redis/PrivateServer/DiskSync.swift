@preconcurrency import Dispatch
import Glibc
import Posix

/// Syncs the append-only file of a server about once a second, as long as this value lives.
///
/// With the setting `appendfsync everysec`, Redis on a busy disk answers before it has
/// written, so a kill loses acknowledged data. With `appendfsync no`, everything is in the
/// kernel before it is acknowledged, and only a power cut can lose data; these syncs keep that
/// loss short.
public final class DiskSync: Sendable {
  private let timer: any DispatchSourceTimer

  public init(dataDirectory: String, everyMilliseconds: Int = 1000) {
    let data = FollowedDirectory(dataDirectory)
    // A queue of its own, because a sync waits for the disk.
    timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "hflow.disk-sync"))
    timer.schedule(
      deadline: .now() + .milliseconds(everyMilliseconds),
      repeating: .milliseconds(everyMilliseconds))
    var synced: [String: Int] = [:]
    timer.setEventHandler {
      // Redis 7 uses a directory of files, earlier versions a single file.
      let path = data.path
      synced = Self.sync([path, Files.join(path, "appendonlydir")], synced)
    }
    timer.resume()
  }

  deinit { timer.cancel() }

  /// Syncs the files whose sizes have changed; returns the synced sizes by path.
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

import Glibc

/// A private file in which a process notes, line by line, what others must know if it is
/// killed.
///
/// The first line names the process. It, and the lock that the process holds, show whether the
/// process is alive. Each further line begins with `+`, or with `-` once it is void. Nothing is
/// synced: the lines survive the process, but not a power cut.
public final class ProcessFile {
  public let path: String
  private let file: Descriptor
  private let headerSize: Int
  private var size: Int
  /// The number of valid lines.
  private var count = 0

  private static let suffix = ".ends"
  /// A longer file without valid lines is truncated.
  private static let sizeLimit = 1 << 16

  /// Creates a file with a unique name in a private directory, which is created if necessary.
  public init(in directory: String) throws(PosixError) {
    let folder = try Self.open(directory, makes: true)
    let host = Environment.hostName
    guard let identity = ProcessIdentity(of: Environment.processID) else {
      throw PosixError("read", "/proc/self/stat", code: ENOENT)
    }
    let header = Array("\(host) \(identity.text)\n".utf8)
    let chance = String(UInt64.random(in: .min ... .max), radix: 36)
    let name = "\(identity.pid)-\(chance)\(Self.suffix)"
    path = Files.join(directory, name)
    let flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
    let number = openat(folder.number, name, flags, 0o600)
    guard number >= 0 else { throw PosixError("write", path) }
    file = Descriptor(owning: number)
    headerSize = header.count
    size = header.count
    _ = flock(number, LOCK_EX | LOCK_NB)
    try Self.write(header, to: number, at: 0, path)
  }

  /// Adds a line and returns its offset.
  public func add(_ line: [UInt8]) throws(PosixError) -> Int {
    let place = size
    let bytes = [UInt8(ascii: "+")] + line + [UInt8(ascii: "\n")]
    do {
      try Self.write(bytes, to: file.number, at: place, path)
    } catch {
      ftruncate(file.number, off_t(place))
      throw error
    }
    size += bytes.count
    count += 1
    return place
  }

  /// Marks the line as void.
  public func markVoid(at place: Int) {
    _ = pwrite(file.number, "-", 1, off_t(place))
    count -= 1
    guard count == 0, size > Self.sizeLimit else { return }
    ftruncate(file.number, off_t(headerSize))
    size = headerSize
  }

  /// Deletes the file if it has no valid lines.
  public func removeIfEmpty() {
    if count == 0 { unlink(path) }
  }

  private static func write(
    _ bytes: [UInt8], to file: Int32, at place: Int, _ path: String
  ) throws(PosixError) {
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withUnsafeBytes {
        pwrite(file, $0.baseAddress, $0.count, off_t(place + done))
      }
      if count > 0 {
        done += count
      } else if count == 0 || errno != EINTR {
        throw PosixError("write", path, code: count == 0 ? ENOSPC : errno)
      }
    }
  }

  /// Opens a private directory.
  private static func open(_ directory: String, makes: Bool) throws(PosixError) -> Descriptor {
    if makes { try Files.makeDirectory(directory, mode: 0o700) }
    let number = Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard number >= 0 else { throw PosixError("open", directory) }
    let folder = Descriptor(owning: number)
    var info = stat()
    guard fstat(folder.number, &info) == 0, info.st_uid == geteuid(), info.st_mode & 0o022 == 0
    else { throw PosixError("use", directory, code: EPERM) }
    return folder
  }
}

extension ProcessFile {
  /// The file of a dead process of this host. Locked as long as this value lives.
  public final class LeftFile {
    public let path: String
    /// The valid lines.
    public let lines: [[UInt8]]
    private let file: Descriptor

    fileprivate init(path: String, lines: [[UInt8]], file: consuming Descriptor) {
      self.path = path
      self.lines = lines
      self.file = file
    }

    public func remove() { unlink(path) }
  }

  /// The files of dead processes in a directory.
  public struct LeftFiles {
    public var files: [LeftFile] = []
    /// Whether another process is reading one of them.
    public var isBusy = false
  }

  /// Reads a directory. Ignores files of others, links and large files.
  public static func leftFiles(in directory: String) -> LeftFiles {
    var found = LeftFiles()
    guard let folder = try? open(directory, makes: false) else { return found }
    for name in Files.list(directory) where name.hasSuffix(suffix) {
      let flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
      let number = openat(folder.number, name, flags, 0)
      guard number >= 0 else { continue }
      let file = Descriptor(owning: number)
      guard isOurs(file.number), let text = try? DescriptorIO.readToEnd(file.number),
        isOfDeadProcess(text)
      else { continue }
      let isLocked = flock(file.number, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
      if isLocked {
        found.isBusy = true
        continue
      }
      // An earlier reader has deleted it.
      guard isOurs(file.number) else { continue }
      found.files.append(
        LeftFile(path: Files.join(directory, name), lines: lines(of: text), file: file))
    }
    return found
  }

  private static let readingLimit = 1 << 28

  private static func isOurs(_ file: Int32) -> Bool {
    var info = stat()
    return fstat(file, &info) == 0 && info.st_mode & S_IFMT == S_IFREG
      && info.st_uid == geteuid() && info.st_nlink == 1 && info.st_size <= readingLimit
  }

  private static func isOfDeadProcess(_ text: [UInt8]) -> Bool {
    let header = String(decoding: text.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    let words = header.split(separator: " ", maxSplits: 1)
    guard words.count == 2, words[0] == Environment.hostName,
      let process = ProcessIdentity(parsing: words[1])
    else { return false }
    return !process.isAlive
  }

  /// Ignores an incomplete last line.
  private static func lines(of text: [UInt8]) -> [[UInt8]] {
    let whole = text[..<(text.lastIndex(of: UInt8(ascii: "\n")) ?? 0)]
    return whole.split(separator: UInt8(ascii: "\n")).dropFirst()
      .filter { $0.first == UInt8(ascii: "+") }.map { Array($0.dropFirst()) }
  }
}

@preconcurrency import Dispatch
import Glibc
import JobProtocol
package import Posix

/// Runs the programs of an infrastructure, such as `ssh` and `sbatch`. The only place of this
/// target that starts processes.
package enum Tool {
  package struct Result: Sendable, Equatable {
    package var status: ExitStatus
    package var output: String
    package var errors: String
    /// Whether it was killed because it took too long.
    package var isLate = false

    package var isSuccess: Bool { status == .exited(0) && !isLate }

    /// The last line on standard error, else how the tool ended.
    package var errorText: String {
      if isLate { return "no answer" }
      let lines = errors.split(whereSeparator: \.isNewline)
      let last = lines.last { $0.contains(where: \.isLetter) }
      return last.map(String.init) ?? status.text
    }
  }

  /// How much of a tool's output is read.
  private static let outputLimit = 8 << 20

  /// Runs a program to its end, on a thread of its own.
  ///
  /// - Parameters:
  ///   - input: For its standard input: a script, which may have secrets.
  ///   - inputFile: The path of a file for its standard input instead.
  package static func run(
    _ command: [String], input: String = "", inputFile: String? = nil,
    environment: [String: String]? = nil, milliseconds: Int
  ) async -> Result {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        let result: Result
        do throws(PosixError) {
          result = try start(command, input, inputFile, environment, milliseconds)
        } catch {
          result = Result(status: .exited(127), output: "", errors: "\(error)")
        }
        continuation.resume(returning: result)
      }
    }
  }

  private static func start(
    _ command: [String], _ input: String, _ inputFile: String?, _ environment: [String: String]?,
    _ milliseconds: Int
  ) throws(PosixError) -> Result {
    let source = try Pipe()
    let output = try Pipe(nonblocking: true)
    let errors = try Pipe(nonblocking: true)
    var request = SpawnRequest(command[0], Array(command.dropFirst()))
    request.environment = environment
    let file = try inputFile.map { path throws(PosixError) in
      try Files.openForReading(path).release()
    }
    defer { if let file { close(file) } }
    request.standardInput = .descriptor(file ?? source.readEnd.number)
    request.standardOutput = .descriptor(output.writeEnd.number)
    request.standardError = .descriptor(errors.writeEnd.number)
    let child = try Child.spawn(request)
    let readers = [output.keepingReadEnd().release(), errors.keepingReadEnd().release()]
    var feed = Feed(source.writeEnd.release(), input)
    defer {
      feed.end()
      for reader in readers { close(reader) }
    }
    return read(
      readers, feeding: &feed, of: child, until: Clock.monotonicMilliseconds + milliseconds)
  }

  /// Writes the input of a tool as fast as the tool reads. A tool may end without reading it.
  private struct Feed {
    private(set) var number: Int32
    private var bytes: ArraySlice<UInt8>

    init(_ number: Int32, _ text: String) {
      self.number = number
      bytes = Array(text.utf8)[...]
      _ = fcntl(number, F_SETFL, fcntl(number, F_GETFL) | O_NONBLOCK)
      write()
    }

    mutating func write() {
      guard number >= 0 else { return }
      while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { Glibc.write(number, $0.baseAddress, $0.count) }
        if count < 0, errno == EAGAIN { return }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        bytes = bytes.dropFirst(count)
      }
      end()
    }

    mutating func end() {
      if number >= 0 { close(number) }
      number = -1
    }
  }

  private static func read(
    _ readers: [Int32], feeding feed: inout Feed, of child: Child, until deadline: Int
  ) -> Result {
    var texts: [[UInt8]] = [[], []]
    var open = [true, true]
    var status: ExitStatus?
    var isLate = false
    while open.contains(true) {
      var entries = zip(readers, open).map { number, isOpen in
        pollfd(fd: isOpen ? number : -1, events: Int16(POLLIN), revents: 0)
      }
      entries.append(pollfd(fd: feed.number, events: Int16(POLLOUT), revents: 0))
      // A child of the tool may keep the pipe open, so its exit counts, too.
      _ = Poll.wait(&entries, milliseconds: 20)
      feed.write()
      for (index, reader) in readers.enumerated() where open[index] {
        while let part = try? DescriptorIO.read(reader) {
          guard !part.isEmpty else {
            open[index] = false
            break
          }
          if texts[index].count < outputLimit { texts[index] += part }
        }
      }
      if status != nil { break }
      status = child.wait(block: false)?.status
      if status == nil, Clock.monotonicMilliseconds > deadline {
        isLate = true
        child.sendToGroup(SIGKILL)
        break
      }
    }
    let end = status ?? child.wait()?.status ?? .unknown
    return Result(
      status: end, output: String(decoding: texts[0], as: UTF8.self),
      errors: String(decoding: texts[1], as: UTF8.self), isLate: isLate)
  }
}

extension ExitStatus {
  /// `exited with 3`, `was killed by signal 9 (KILL)`
  package var text: String {
    switch self {
    case .exited(let code): "exited with \(code)"
    case .signalled(let number): "was killed by signal \(UnixSignalName.text(number))"
    case .unknown: "ended"
    }
  }
}

import Glibc
import HumanText
import JobProtocol
import Posix
import TUI

/// Writes a job's output to standard output: unchanged to a file or a pipe, as safe lines to a
/// terminal.
struct LogOutput {
  /// Only standard error.
  let errorsOnly: Bool
  /// Whether nothing has been written yet.
  private(set) var isEmpty = true
  private let isTerminal: Bool
  /// Longer lines are shown in pieces.
  private static let longestLine = 100_000
  /// The bytes after the last line feed, by stream.
  private var rests: [LogChunk.Stream: [UInt8]] = [:]
  /// Whether the last byte written was not a line feed.
  private var isMidLine = false

  init(errorsOnly: Bool, isTerminal: Bool = isatty(STDOUT_FILENO) == 1) {
    self.errorsOnly = errorsOnly
    self.isTerminal = isTerminal
  }

  mutating func write(_ chunk: LogChunk) {
    guard chunk.droppedLines > 0, shows(chunk.stream) || chunk.stream == .end else {
      return write(chunk.bytes, from: chunk.stream)
    }
    let wasCut = endLine(of: chunk.stream)
    let lines = Formats.counted(chunk.droppedLines, "line")
    note("dropped \(lines) that came too fast; the log file has all")
    // A leading line feed belongs to the line that was cut.
    let isEnd = wasCut && chunk.bytes.first == 0x0A
    write(isEnd ? Array(chunk.bytes.dropFirst()) : chunk.bytes, from: chunk.stream)
  }

  /// Reports that output is missing. The output after the gap begins on a new line.
  mutating func reportGap(_ text: String) {
    for stream in [LogChunk.Stream.standardOutput, .standardError] { _ = endLine(of: stream) }
    note(text)
  }

  private func shows(_ stream: LogChunk.Stream) -> Bool {
    stream == .standardError || stream == .standardOutput && !errorsOnly
  }

  /// Ends an unfinished line of a stream. Returns whether there was one.
  private mutating func endLine(of stream: LogChunk.Stream) -> Bool {
    guard isTerminal else {
      guard isMidLine else { return false }
      Console.writeData([0x0A])
      isMidLine = false
      return true
    }
    guard let rest = rests.removeValue(forKey: stream), !rest.isEmpty else { return false }
    for line in OutputText.cutLines([rest]).lines { Console.print(line) }
    return true
  }

  mutating func write(_ bytes: [UInt8], from stream: LogChunk.Stream) {
    guard shows(stream) else { return }
    if !bytes.isEmpty { isEmpty = false }
    guard isTerminal else {
      isMidLine = bytes.last.map { $0 != 0x0A } ?? isMidLine
      Console.writeData(bytes)
      return
    }
    var text = rests.removeValue(forKey: stream) ?? []
    text += bytes
    let isLong = text.count > Self.longestLine
    let end = text.lastIndex(of: 0x0A).map { $0 + 1 } ?? (isLong ? text.count : 0)
    rests[stream] = Array(text[end...])
    Console.print(OutputText.lines([Array(text[..<end])]))
  }

  /// Writes lines without a line feed at the end.
  mutating func finish() {
    for rest in rests.values where !rest.isEmpty {
      Console.print(OutputText.lines([rest]))
    }
    rests = [:]
  }

  /// A remark on standard error, so that standard output stays what the job wrote.
  func note(_ text: String) { Console.printError("hflow-tui: \(text)") }
}

import Glibc
import HumanText
import JobProtocol
import Posix
import TUI

/// Writes a job's output to our own standard output: byte by byte where a program or a file reads
/// it, as harmless lines on a terminal.
struct LogOutput {
  /// Only standard error.
  let errorsOnly: Bool
  /// Whether nothing has been written yet.
  private(set) var isEmpty = true
  private let isTerminal: Bool
  /// A line without an end is shown in pieces.
  private static let longestLine = 100_000
  /// What came after the last line end, by stream.
  private var rests: [LogChunk.Stream: [UInt8]] = [:]
  /// The last byte that was written is no line end.
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
    note("\(lines) came faster than may be sent; the file has all")
    // The end of the line that was cut.
    let isEnd = wasCut && chunk.bytes.first == 0x0A
    write(isEnd ? Array(chunk.bytes.dropFirst()) : chunk.bytes, from: chunk.stream)
  }

  /// Says that output is left out. What follows begins on a line of its own.
  mutating func noteGap(_ text: String) {
    for stream in [LogChunk.Stream.standardOutput, .standardError] { _ = endLine(of: stream) }
    note(text)
  }

  private func shows(_ stream: LogChunk.Stream) -> Bool {
    stream == .standardError || stream == .standardOutput && !errorsOnly
  }

  /// Ends the line of a stream of which the rest is left out. Says whether there was one.
  private mutating func endLine(of stream: LogChunk.Stream) -> Bool {
    guard isTerminal else {
      guard isMidLine else { return false }
      Terminal.writeData([0x0A])
      isMidLine = false
      return true
    }
    guard let rest = rests.removeValue(forKey: stream), !rest.isEmpty else { return false }
    for line in OutputText.cutLines([rest]).lines { Terminal.say(line) }
    return true
  }

  mutating func write(_ bytes: [UInt8], from stream: LogChunk.Stream) {
    guard shows(stream) else { return }
    if !bytes.isEmpty { isEmpty = false }
    guard isTerminal else {
      isMidLine = bytes.last.map { $0 != 0x0A } ?? isMidLine
      Terminal.writeData(bytes)
      return
    }
    var text = rests.removeValue(forKey: stream) ?? []
    text += bytes
    let isLong = text.count > Self.longestLine
    let end = text.lastIndex(of: 0x0A).map { $0 + 1 } ?? (isLong ? text.count : 0)
    rests[stream] = Array(text[end...])
    Terminal.say(OutputText.lines([Array(text[..<end])]))
  }

  /// A last line without an end is one, too.
  mutating func finish() {
    for rest in rests.values where !rest.isEmpty {
      Terminal.say(OutputText.lines([rest]))
    }
    rests = [:]
  }

  /// Beside the output: it stays what the job wrote.
  func note(_ text: String) { Terminal.complain("hflow-tui: \(text)") }
}

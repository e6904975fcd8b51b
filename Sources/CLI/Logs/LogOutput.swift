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

  init(errorsOnly: Bool, isTerminal: Bool = isatty(STDOUT_FILENO) == 1) {
    self.errorsOnly = errorsOnly
    self.isTerminal = isTerminal
  }

  mutating func write(_ chunk: LogChunk) {
    if chunk.droppedLines > 0 {
      let lines = Formats.counted(chunk.droppedLines, "line")
      note("\(lines) came faster than may be sent; the file has all")
    }
    write(chunk.bytes, from: chunk.stream)
  }

  mutating func write(_ bytes: [UInt8], from stream: LogChunk.Stream) {
    guard stream == .standardError || stream == .standardOutput && !errorsOnly else { return }
    if !bytes.isEmpty { isEmpty = false }
    guard isTerminal else {
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

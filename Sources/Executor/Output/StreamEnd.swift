/// The end of a stream, enough for its last line.
struct StreamEnd {
  private static let byteLimit = 512
  private static let lineLimit = 200
  private var bytes: [UInt8] = []

  mutating func add(_ more: [UInt8]) {
    bytes += more[max(0, more.count - Self.byteLimit)...]
    if bytes.count > Self.byteLimit { bytes.removeFirst(bytes.count - Self.byteLimit) }
  }

  /// The last line that is not blank; of a progress bar, its last state. Bytes that are not
  /// UTF-8 are repaired.
  var lastLine: String? {
    let lines = bytes.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
    let line = lines.last { line in line.contains { $0 > UInt8(ascii: " ") } }
    return line.map { String(String(decoding: $0, as: UTF8.self).prefix(Self.lineLimit)) }
  }
}

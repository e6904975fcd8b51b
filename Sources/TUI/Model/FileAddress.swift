internal import Engine

/// Addresses of files.
enum FileAddress {
  private static let plain = Set("-._~/".utf8)

  /// `file://host/path`: everything but letters, digits and a few signs is encoded, so that no
  /// name ends the sequence that has it. `nil` for a path that is not absolute.
  static func uri(_ path: String, host: String) -> String? {
    guard path.hasPrefix("/") else { return nil }
    return "file://" + encoded(host) + encoded(path)
  }

  private static func encoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      let isLetter = byte < 0x80 && Character(Unicode.Scalar(byte)).isLetter
      let isDigit = (0x30...0x39).contains(byte)
      if isLetter || isDigit || plain.contains(byte) {
        bytes.append(byte)
      } else {
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension Model {
  /// The address of a file of the run; names are relative to the directory of its jobs.
  func address(ofFile name: String) -> String? {
    guard let info = run.info else { return nil }
    let path = name.hasPrefix("/") ? name : "\(info.directory)/\(name)"
    return FileAddress.uri(path, host: run.engine?.host ?? "")
  }
}

/// What the files of a job looked like: its program and its inputs when it started, its outputs
/// when it had ended. A later run compares them (`run --changed`).
///
/// Written as `m:PROGRAM,INPUT,…;OUTPUT,…`. Each file is eight hexadecimal digits made of its size
/// and time, or `-` if it is missing or was not checked. The text begins with `s` instead of `m` if
/// times are compared in whole seconds, because files were copied from another host. If a job has
/// more than `limit` inputs or outputs, they are combined into one.
public struct FileStamps: Sendable, Equatable {
  public static let limit = 256
  public static let none = "-"

  public var inSeconds: Bool
  public var program: String
  public var inputs: [String]
  public var outputs: [String]

  public init(
    inSeconds: Bool = false, program: String = none, inputs: [String] = [], outputs: [String] = []
  ) {
    self.inSeconds = inSeconds
    self.program = program
    self.inputs = inputs
    self.outputs = outputs
  }

  public var text: String {
    let before = ([program] + Self.combined(inputs)).joined(separator: ",")
    return "\(inSeconds ? "s" : "m"):\(before);\(Self.combined(outputs).joined(separator: ","))"
  }

  /// `nil` if the text has another form.
  public init?(_ text: String) {
    guard text.hasPrefix("m:") || text.hasPrefix("s:") else { return nil }
    let parts = text.dropFirst(2).split(separator: ";", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    let before = parts[0].split(separator: ",").map(String.init)
    guard let program = before.first else { return nil }
    self.init(
      inSeconds: text.hasPrefix("s"), program: program, inputs: Array(before.dropFirst()),
      outputs: parts[1].split(separator: ",").map(String.init))
  }

  /// As they are written.
  public var written: FileStamps { FileStamps(text) ?? self }

  public static func stamp(size: Int, time: Int) -> String {
    digits(mixed([UInt64(bitPattern: Int64(size)), UInt64(bitPattern: Int64(time))]))
  }

  private static func combined(_ stamps: [String]) -> [String] {
    guard stamps.count > limit else { return stamps }
    return [digits(mixed(stamps.flatMap { $0.utf8.map(UInt64.init) + [0] }))]
  }

  /// FNV-1a over the bytes.
  private static func mixed(_ values: [UInt64]) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for value in values {
      for shift in stride(from: 0, to: 64, by: 8) {
        hash = (hash ^ (value >> UInt64(shift) & 0xff)) &* 0x100_0000_01b3
      }
    }
    return hash ^ (hash >> 32)
  }

  private static func digits(_ hash: UInt64) -> String {
    let text = String(hash & 0xffff_ffff, radix: 16)
    return String(repeating: "0", count: 8 - text.utf8.count) + text
  }
}

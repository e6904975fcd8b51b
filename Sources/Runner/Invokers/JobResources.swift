import JSONValue
import Posix
import Workflow

/// What a job needs while it runs; `nil` if nothing was requested.
///
/// | | from | else from |
/// |---|---|---|
/// | cores | `config.executor.cpuRequest` | `HF_VAR_CPU_REQUEST` |
/// | memory | `config.executor.memRequest` | `HF_VAR_MEM_REQUEST` |
/// | time | `config.timeout`, or what a user has edited | – |
struct JobResources: Sendable, Equatable {
  /// Processor cores; may be a fraction.
  var cores: Double?
  var memoryBytes: Int?
  /// How long the job may run, in seconds.
  var seconds: Double?

  init() {}

  /// - Parameter timeout: An edited limit in seconds; `nil`: the process's own.
  init(
    of process: Workflow.Process, timeout: Double? = nil,
    environment: (String) -> String? = { Environment[$0] }
  ) {
    let command = process.executor
    cores =
      command?["cpuRequest"].flatMap(Self.cores)
      ?? environment("HF_VAR_CPU_REQUEST").flatMap { Self.cores(.string($0)) }
    memoryBytes =
      command?["memRequest"].flatMap(Self.bytes)
      ?? environment("HF_VAR_MEM_REQUEST").flatMap { Self.bytes(.string($0)) }
    let limit = timeout ?? process.timeout ?? 0
    seconds = limit > 0 ? limit : nil
  }

  /// Keys of `config.executor` whose values cannot be read, each with its valid form.
  static func unreadable(in process: Workflow.Process) -> [(key: String, form: String)] {
    let command = process.executor
    var unreadable: [(key: String, form: String)] = []
    if let value = command?["cpuRequest"], cores(value) == nil {
      unreadable.append(("cpuRequest", "a number of cores, such as 2, 0.5 or \"500m\""))
    }
    if let value = command?["memRequest"], bytes(value) == nil {
      unreadable.append(("memRequest", "a number of bytes, such as \"50Mi\" or \"2G\""))
    }
    return unreadable
  }

  /// Reads a quantity as Kubernetes writes it: the suffix `m` means thousandths.
  private static func cores(_ value: JSON) -> Double? {
    positive(value.double ?? value.string.flatMap { scaled($0, ["m": 0.001]) })
  }

  private static func bytes(_ value: JSON) -> Int? {
    let number = value.double ?? value.string.flatMap { scaled($0, byteUnits) }
    return positive(number).flatMap { Int(exactly: $0.rounded()) }
  }

  private static let byteUnits: [String: Double] = [
    "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12,
    "Ki": 0x1p10, "Mi": 0x1p20, "Gi": 0x1p30, "Ti": 0x1p40,
  ]

  private static func scaled(_ text: String, _ units: [String: Double]) -> Double? {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard let number = Double(digits) else { return nil }
    let unit = String(text[digits.endIndex...])
    return unit.isEmpty ? number : units[unit].map { number * $0 }
  }

  private static func positive(_ number: Double?) -> Double? {
    number.flatMap { $0 > 0 && $0.isFinite ? $0 : nil }
  }
}

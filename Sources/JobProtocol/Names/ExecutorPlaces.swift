/// The directories where executors keep unreported ends of jobs, for the next executor or the
/// engine on the same host.
public enum ExecutorPlaces {
  /// The environment variable with the directory that an engine gives to executors it starts.
  public static let variable = "HFLOW_STATE_DIR"

  /// The directories of executors whose engine gave them none, in order of preference. The name of
  /// a pool is arbitrary, and usually that of a run.
  public static func directories(
    pool: String, stateHome: String, temporaryDirectory: String, user: Int
  ) -> [String] {
    let name = fileName(of: pool)
    return [
      "\(stateHome)/hflow-tui/executors/\(name)",
      "\(temporaryDirectory)/hflow-executors-\(user)/\(name)",
    ]
  }

  /// A file name for a pool. Different pools get different names, up to 200 characters.
  private static func fileName(of pool: String) -> String {
    var name = ""
    for byte in pool.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"):
        name.unicodeScalars.append(Unicode.Scalar(byte))
      default: name += "%" + String(byte, radix: 16)
      }
    }
    return String(name.prefix(200))
  }
}

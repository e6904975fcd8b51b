/// The resources used by a job's process tree: the bytes of a log chunk of the stream `usage`,
/// `<resident kB> <CPU ms>`.
public struct UsageSample: Sendable, Equatable {
  /// Resident memory of all processes of the job. Shared memory counts once for each process.
  public var residentKilobytes: Int
  /// User and system time since the start, of ended and waited-for processes too.
  public var cpuMilliseconds: Int

  public init(residentKilobytes: Int, cpuMilliseconds: Int) {
    self.residentKilobytes = residentKilobytes
    self.cpuMilliseconds = cpuMilliseconds
  }

  public var encoded: [UInt8] { Array("\(residentKilobytes) \(cpuMilliseconds)".utf8) }

  /// Returns `nil` if the bytes are no sample.
  public init?(encoded: [UInt8]) {
    let numbers = String(decoding: encoded.prefix(48), as: UTF8.self).split(separator: " ")
      .map { Int($0) }
    guard numbers.count == 2, let resident = numbers[0], let cpu = numbers[1], resident >= 0,
      cpu >= 0
    else { return nil }
    self.init(residentKilobytes: resident, cpuMilliseconds: cpu)
  }
}

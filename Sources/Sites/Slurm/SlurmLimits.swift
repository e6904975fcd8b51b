/// The limits of a partition and its nodes, as Slurm's tools report them.
struct SlurmLimits: Equatable, Sendable {
  var partition: String
  /// In minutes; `nil` without a limit.
  var longest: Int?
  var isUp: Bool
  /// The most processors, and the most memory in megabytes, of one node; 0 if unknown.
  var processors: Int
  var megabytes: Int

  /// Reads `scontrol -o show partition` and `sinfo -h -e -o "%R|%c|%m"`.
  ///
  /// - Parameter name: The partition that is asked for; `nil` for the default one.
  init?(partitions: String, nodes: String, name: String?) {
    let rows = partitions.split(whereSeparator: \.isNewline).map { line in
      var fields: [String: String] = [:]
      for word in line.split(separator: " ") {
        let parts = word.split(separator: "=", maxSplits: 1)
        if parts.count == 2 { fields[String(parts[0])] = String(parts[1]) }
      }
      return fields
    }
    // If several partitions are named, Slurm takes the first that fits.
    let names = name.map { $0.split(separator: ",").map(String.init) }
    let row = rows.first { row in
      guard let names else { return row["Default"] == "YES" }
      return names.contains(row["PartitionName"] ?? "")
    }
    guard let row, let partition = row["PartitionName"] else { return nil }
    self.partition = partition
    longest = row["MaxTime"].flatMap(Self.minutes)
    isUp = row["State"] == "UP"
    processors = 0
    megabytes = 0
    for line in nodes.split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: "|").map { $0.filter { $0 != " " } }
      guard parts.count == 3, parts[0] == partition else { continue }
      // A plus sign means at least.
      processors = max(processors, Int(parts[1].filter(\.isNumber)) ?? 0)
      megabytes = max(megabytes, Int(parts[2].filter(\.isNumber)) ?? 0)
    }
  }

  /// `30`, `30:00`, `2:00:00`, `1-12`, `1-12:30`, `1-12:30:00`; minutes, rounded up. `nil` for
  /// `UNLIMITED` and for anything else.
  static func minutes(_ text: String) -> Int? {
    let halves = text.split(separator: "-", omittingEmptySubsequences: false)
    guard halves.count <= 2, let clock = halves.last else { return nil }
    let parts = clock.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
    let numbers = parts.compactMap(\.self)
    guard numbers.count == parts.count, (1...3).contains(numbers.count) else { return nil }
    if halves.count == 2 {
      guard let days = Int(halves[0]) else { return nil }
      let seconds = numbers.count > 2 ? numbers[2] : 0
      let minutes = numbers.count > 1 ? numbers[1] : 0
      return days * 1440 + numbers[0] * 60 + minutes + (seconds > 0 ? 1 : 0)
    }
    switch numbers.count {
    case 1: return numbers[0]
    case 2: return numbers[0] + (numbers[1] > 0 ? 1 : 0)
    default: return numbers[0] * 60 + numbers[1] + (numbers[2] > 0 ? 1 : 0)
    }
  }

  /// `4000`, `4000M`, `4G`: megabytes.
  static func megabytes(_ text: String) -> Int? {
    let digits = text.prefix(while: \.isNumber)
    guard let number = Int(digits) else { return nil }
    switch text[digits.endIndex...].uppercased() {
    case "", "M", "MB": return number
    case "K", "KB": return (number + 1023) / 1024
    case "G", "GB": return number * 1024
    case "T", "TB": return number * 1024 * 1024
    default: return nil
    }
  }

  /// Requests that exceed a limit, one line each, with what to do. If Slurm does not enforce its
  /// limits, it accepts such a job and keeps it pending for ever.
  func mistakes(asking asked: SlurmRequest) -> [String] {
    var lines: [String] = []
    if !isUp { lines.append("the partition \(partition) is not up; choose another one with -p") }
    if let minutes = asked.minutes, let longest, minutes > longest {
      lines.append(
        "asks for \(minutes) minutes (-t), and the partition \(partition) allows \(longest); "
          + "ask for less")
    }
    if processors > 0, asked.processors > processors {
      lines.append(
        "asks for \(asked.processors) processors (-c), and the largest node of \(partition) has "
          + "\(processors); ask for less")
    }
    if let megabytes = asked.megabytes, self.megabytes > 0, megabytes > self.megabytes {
      lines.append(
        "asks for \(megabytes) MB (--mem), and the largest node of \(partition) has "
          + "\(self.megabytes) MB; ask for less")
    }
    return lines
  }
}

/// The requests in the options of `sbatch` to which limits apply.
struct SlurmRequest: Equatable, Sendable {
  var partition: String?
  var account: String?
  var minutes: Int?
  var processors: Int
  var megabytes: Int?

  init(options: [String], slots: Int?) {
    partition = Self.value(of: ["-p", "--partition"], in: options)
    account = Self.value(of: ["-A", "--account"], in: options)
    minutes = Self.value(of: ["-t", "--time"], in: options).flatMap(SlurmLimits.minutes)
    processors =
      Self.value(of: ["-c", "--cpus-per-task"], in: options).flatMap { Int($0) } ?? slots ?? 1
    megabytes = Self.value(of: ["--mem"], in: options).flatMap(SlurmLimits.megabytes)
  }

  /// The value of an option, written as `-t 5`, `-t5`, `--time 5` or `--time=5`; the last one
  /// counts.
  static func value(of names: [String], in options: [String]) -> String? {
    var found: String?
    for (place, word) in options.enumerated() {
      for name in names {
        if word == name {
          found = place + 1 < options.count ? options[place + 1] : found
        } else if name.hasPrefix("--"), word.hasPrefix(name + "=") {
          found = String(word.dropFirst(name.count + 1))
        } else if !name.hasPrefix("--"), word.hasPrefix(name), !word.hasPrefix("--") {
          found = String(word.dropFirst(name.count))
        }
      }
    }
    return found
  }
}

/// The limits of the user's accounts, where Slurm has accounting.
///
/// A user may have several accounts. The accounts that the options name count. If the options name
/// none, the cluster chooses one, so a limit is too low only if it is too low in all of them.
enum SlurmAccount {
  /// Reads `sacctmgr -nP show assoc user=NAME format=Account,Partition,MaxSubmitJobs,MaxWall`.
  ///
  /// - Returns: A line for each limit below what is asked.
  static func mistakes(_ output: String, workers: WorkerRange, _ asked: SlurmRequest) -> [String] {
    let rows = output.split(whereSeparator: \.isNewline).map { line in
      line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
    }.filter { row in
      row.count >= 4 && (asked.account == nil || row[0] == asked.account)
        && (row[1].isEmpty || asked.partition == nil || row[1] == asked.partition)
    }
    guard !rows.isEmpty else { return [] }
    var lines: [String] = []
    let jobs = rows.map { Int($0[2]) ?? .max }.max() ?? .max
    if workers.minimum > jobs {
      lines.append(
        "asks for at least \(workers.minimum) workers, and your account may submit \(jobs) jobs; "
          + "ask for fewer, or name another account with -A")
    }
    let longest = rows.map { SlurmLimits.minutes($0[3]) ?? .max }.max() ?? .max
    if let minutes = asked.minutes, minutes > longest {
      lines.append(
        "asks for \(minutes) minutes (-t), and your account allows \(longest); ask for less, or "
          + "name another account with -A")
    }
    return lines
  }
}

/// Several reports in one entry of the reports stream, for engines that read
/// `ProtocolVersion.batches`.
///
/// Each report begins with its field `k`. Job, time and executor are left out where they are those
/// of the report before, because most reports come in threes: taken, started, finished.
extension JobReport {
  private static let inherited: Set = ["j", "t", "w", "h", "p"]

  /// The fields of an entry. One report alone has the fields that every engine reads.
  public static func fields(of reports: [JobReport]) -> [(String, String)] {
    var last: [String: String] = [:]
    return reports.flatMap { report in
      report.fields.filter { name, value in
        guard inherited.contains(name) else { return true }
        defer { last[name] = value }
        return last[name] != value
      }
    }
  }

  /// The reports of an entry. Invalid ones are left out.
  public static func reports(in fields: [(String, String)]) -> [JobReport] {
    var reports: [JobReport] = []
    var earlier: [(String, String)] = []
    var rest = fields[...]
    while let first = rest.first {
      let end = rest.dropFirst().firstIndex { $0.0 == "k" } ?? rest.endIndex
      let own = rest[..<end]
      // If a name occurs twice, the first one counts.
      if first.0 == "k", let report = JobReport(fields: own + earlier) { reports.append(report) }
      earlier = own.filter { inherited.contains($0.0) } + earlier
      if earlier.count > 2 * inherited.count { earlier = latest(of: earlier) }
      rest = rest[end...]
    }
    return reports
  }

  private static func latest(of fields: [(String, String)]) -> [(String, String)] {
    var names: Set<String> = []
    return fields.filter { names.insert($0.0).inserted }
  }
}

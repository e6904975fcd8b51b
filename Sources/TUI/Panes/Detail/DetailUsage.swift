internal import Engine
internal import HumanText
internal import JobProtocol
internal import Workflow

/// Memory and CPU of an attempt over time, from samples of its executor. Jobs below a few
/// seconds have none.
enum DetailUsage {
  static func lines(_ model: Model, _ task: FiringID, width: Int) -> [Line] {
    guard let attempt = model.run.lastAttempt(of: task), let series = model.detail.usage[attempt],
      let last = series.samples.last
    else { return [] }
    let theme = model.theme
    let isOver = model.run.state(of: task).isOver
    let columns = max(8, min(60, width - 44))
    func row(_ name: String, _ values: [Double], _ figures: String) -> Line {
      var line = Line()
      line.column(name, 8, theme.dim, ellipsis: theme.ellipsis)
      // One sample is not a line.
      if values.count > 1 {
        let curve = Sparkline.text(values, columns: columns, theme: theme)
        line.append(curve + "  ", Style(foreground: theme.accentColor))
      }
      line.append(figures)
      return line
    }
    // The final report is more accurate than samples.
    let reported = model.run.task(task)?.lastAttempt?.usage.maxResidentKilobytes ?? 0
    let maximum = isOver && reported > 0 ? reported : series.mostKilobytes
    let now = isOver ? "" : "\(Formats.size(bytes: last.kilobytes * 1024)) now, "
    let load = isOver ? "" : "\(percent(last.load)) now, "
    let loads = series.samples.map(\.load)
    return [
      row(
        "memory", series.samples.map { Double($0.kilobytes) },
        "\(now)peak \(Formats.size(bytes: maximum * 1024))"),
      row(
        "cpu", loads, "\(load)peak \(percent(loads.max() ?? 0)) of a core"),
    ]
  }

  private static func percent(_ load: Double) -> String { "\(Int((load * 100).rounded())) %" }
}

/// Resource use of an attempt over time. Long series are thinned out: at most `limit` samples,
/// spread over the whole time.
struct UsageSeries: Equatable {
  struct Sample: Equatable {
    let time: Int
    let kilobytes: Int
    /// In cores, since the previous sample.
    let load: Double
  }

  static let limit = 512

  private(set) var samples: [Sample] = []
  private(set) var mostKilobytes = 0
  private var order = ChunkOrder()
  /// Keeps every n-th sample.
  private var stride = 1
  private var skipped = 0
  private var last: (time: Int, cpu: Int)?

  static func == (left: Self, right: Self) -> Bool {
    left.order == right.order && left.samples == right.samples
  }

  mutating func receive(_ chunks: [LogChunk]) {
    for chunk in order.receive(chunks).map(\.chunk) where chunk.stream == .usage {
      if let sample = UsageSample(encoded: chunk.bytes) { receive(sample, at: chunk.time) }
    }
  }

  private mutating func receive(_ sample: UsageSample, at time: Int) {
    mostKilobytes = max(mostKilobytes, sample.residentKilobytes)
    skipped += 1
    guard skipped >= stride else { return }
    skipped = 0
    let before = last ?? (time - 2000, 0)
    let passed = max(1, time - before.time)
    let load = Double(max(0, sample.cpuMilliseconds - before.cpu)) / Double(passed)
    last = (time, sample.cpuMilliseconds)
    samples.append(Sample(time: time, kilobytes: sample.residentKilobytes, load: load))
    guard samples.count > Self.limit else { return }
    samples = samples.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
    stride *= 2
  }
}

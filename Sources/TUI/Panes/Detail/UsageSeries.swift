internal import JobProtocol

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

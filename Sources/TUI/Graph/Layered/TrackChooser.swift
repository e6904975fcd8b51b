internal import Algorithms

/// Chooses the row of each wire's horizontal line in a channel.
struct TrackChooser {
  /// `nil` for wires that are straight.
  private(set) var track: [Int?]
  private(set) var count = 0

  private let wires: [Sorted]

  /// With more wires than this, comparing all pairs takes too long, so crossings are ignored.
  private static let comparedCount = 300

  private struct Sorted {
    let number: Int
    let span: ClosedRange<Int>
    /// The first column after it without an end of a wire.
    let reach: Int
    let tops: [Int]
    let bottoms: [Int]

    /// Whether the wires would touch in one row, or look like one line that passes beneath
    /// others.
    func overlaps(_ other: Sorted) -> Bool {
      span.lowerBound <= other.reach && other.span.lowerBound <= reach
    }
  }

  init(_ routes: [ChannelRouter.Route]) {
    track = routes.map { _ in nil }
    let ends = Set(routes.lazy.flatMap { $0.tops + $0.bottoms })
    wires = routes.enumerated().compactMap { number, route in
      let span = route.span
      guard span.lowerBound < span.upperBound else { return nil }
      var reach = span.upperBound + 1
      while ends.contains(reach) { reach += 1 }
      return Sorted(
        number: number, span: span, reach: reach, tops: route.tops.sorted(),
        bottoms: route.bottoms.sorted())
    }
  }

  mutating func choose() {
    if wires.count <= Self.comparedCount { chooseByCrossings() } else { chooseBySpace() }
  }

  // MARK: Few wires

  /// Orders wires from top to bottom so that each pair of neighbours is in the better order,
  /// then moves each as high as possible.
  private mutating func chooseByCrossings() {
    var order = wires.sorted { Self.firstGuess($0) < Self.firstGuess($1) }
    for _ in 0..<max(1, min(order.count, 12)) {
      var hasChanged = false
      for index in order.indices.dropLast() where Self.gain(order[index], order[index + 1]) > 0 {
        order.swapAt(index, index + 1)
        hasChanged = true
      }
      if !hasChanged { break }
    }
    var placed: [(wire: Sorted, track: Int)] = []
    for wire in order {
      let near = placed.filter { $0.wire.overlaps(wire) }
      var row = near.reduce(0) { Self.gain($1.wire, wire) < 0 ? max($0, $1.track + 1) : $0 }
      let taken = Set(near.map(\.track))
      while taken.contains(row) { row += 1 }
      placed.append((wire, row))
      track[wire.number] = row
      count = max(count, row + 1)
    }
  }

  /// Lines to the right nest one way, lines to the left the other.
  private static func firstGuess(_ wire: Sorted) -> Int {
    let from = (wire.tops.first ?? 0) + (wire.tops.last ?? 0)
    let to = (wire.bottoms.first ?? from) + (wire.bottoms.last ?? from)
    return to >= from ? -from : from
  }

  /// The number of crossings saved by placing the second wire above the first.
  private static func gain(_ first: Sorted, _ second: Sorted) -> Int {
    guard first.overlaps(second) else { return 0 }
    let now = inside(first.bottoms, second.span) + inside(second.tops, first.span)
    let swapped = inside(second.bottoms, first.span) + inside(first.tops, second.span)
    return now - swapped
  }

  private static func inside(_ columns: [Int], _ span: ClosedRange<Int>) -> Int {
    columns.partitioningIndex { $0 > span.upperBound }
      - columns.partitioningIndex { $0 >= span.lowerBound }
  }

  // MARK: Many wires

  /// From left to right, each in the first free row. This needs the fewest rows.
  private mutating func chooseBySpace() {
    let byStart = wires.sorted { $0.span.lowerBound < $1.span.lowerBound }
    let byEnd = wires.sorted { $0.reach < $1.reach }
    var ended = 0
    var free: [Int] = []
    for wire in byStart {
      while byEnd[ended].reach < wire.span.lowerBound {
        if let row = track[byEnd[ended].number] { free.append(row) }
        ended += 1
      }
      let row = free.popLast() ?? count
      track[wire.number] = row
      count = max(count, row + 1)
    }
  }
}

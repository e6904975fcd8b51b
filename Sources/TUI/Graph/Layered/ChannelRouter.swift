/// Routes the wires of one channel from their upper to their lower ends.
///
/// Each end has a column. Each wire that is not straight has a row (a track). Ends of different
/// wires never share a column, so any wire may use any row. Rows are chosen to reduce
/// crossings; wires in one row never touch.
struct ChannelRouter {
  /// A node or a passage, and the columns in which a line may meet it.
  struct End {
    let item: Int
    let range: ClosedRange<Int>
    let isNode: Bool

    var middle: Int { (range.lowerBound + range.upperBound) / 2 }
  }

  struct RoutedWire {
    let net: Int
    var tops: [End]
    var bottoms: [End]
  }

  /// The columns of a wire's ends, in the order of the ends.
  struct Route: Equatable {
    var tops: [Int] = []
    var bottoms: [Int] = []
    /// The row of its horizontal line; `nil` for a straight wire.
    var track: Int?

    var span: ClosedRange<Int> {
      let all = tops + bottoms
      return (all.min() ?? 0)...(all.max() ?? 0)
    }
  }

  private let wires: [RoutedWire]
  private(set) var routes: [Route]
  private(set) var trackCount = 0

  init(_ wires: [RoutedWire]) {
    self.wires = wires
    routes = wires.map { wire in
      Route(
        tops: wire.tops.map(\.range.lowerBound), bottoms: wire.bottoms.map(\.range.lowerBound))
    }
    placeTops()
    placeBottoms()
    var tracks = TrackChooser(routes)
    tracks.choose()
    for (index, track) in tracks.track.enumerated() { routes[index].track = track }
    trackCount = tracks.count
  }

  // MARK: Columns

  /// An end at a box, with its preferred column.
  private struct Port {
    let wire: Int
    let end: Int
    var preferred: Int
    var weight = 1.0
  }

  /// A line between two boxes that overlap horizontally goes straight down; all others leave
  /// in the middle of the box.
  private mutating func placeTops() {
    var atBox: [Int: [Port]] = [:]
    for (index, wire) in wires.enumerated() {
      for (place, end) in wire.tops.enumerated() where end.isNode {
        let port = Port(wire: index, end: place, preferred: preferredTop(wire, end))
        atBox[end.item, default: []].append(port)
      }
    }
    let aims = wires.map { Self.middle($0.bottoms.isEmpty ? $0.tops : $0.bottoms) }
    for ports in atBox.values {
      let range = wires[ports[0].wire].tops[ports[0].end].range
      for port in Self.spread(ports, in: range, by: aims) {
        routes[port.wire].tops[port.end] = port.preferred
      }
    }
  }

  private func preferredTop(_ wire: RoutedWire, _ end: End) -> Int {
    guard wire.tops.count == 1, wire.bottoms.count == 1 else { return end.middle }
    let range = wire.bottoms[0].range
    let low = max(range.lowerBound, end.range.lowerBound)
    let high = min(range.upperBound, end.range.upperBound)
    guard low <= high else { return end.middle }
    return wire.bottoms[0].isNode ? (low + high) / 2 : low
  }

  /// Lower ends avoid the columns of other wires' upper ends. Straight wires come first, the
  /// others take the nearest free column.
  private mutating func placeBottoms() {
    var owner: [Int: Int] = [:]
    for (index, route) in routes.enumerated() { for column in route.tops { owner[column] = index } }
    let aims = routes.map { Double($0.tops.reduce(0, +)) / Double(max(1, $0.tops.count)) }
    var atItem: [Int: [Port]] = [:]
    for (index, wire) in wires.enumerated() {
      for (place, end) in wire.bottoms.enumerated() {
        var port = Port(wire: index, end: place, preferred: end.middle)
        if let straight = Self.straight(routes[index].tops, end) {
          port.preferred = straight
          port.weight = 1000
        }
        atItem[end.item, default: []].append(port)
      }
    }
    for ports in atItem.values {
      let range = wires[ports[0].wire].bottoms[ports[0].end].range
      var taken: Set<Int> = []
      let spread = Self.spread(ports, in: range, by: aims)
      for port in spread.sorted(by: { ($1.weight, $0.wire) < ($0.weight, $1.wire) }) {
        let column = Self.nearest(to: port.preferred, in: range) { column in
          !taken.contains(column) && (owner[column] ?? port.wire) == port.wire
        }
        routes[port.wire].bottoms[port.end] = column
        taken.insert(column)
      }
    }
  }

  /// The column of an upper end directly above a lower end.
  private static func straight(_ tops: [Int], _ end: End) -> Int? {
    var best: Int?
    for column in tops where end.range.contains(column) {
      if best.map({ abs(column - end.middle) < abs($0 - end.middle) }) ?? true { best = column }
    }
    return best
  }

  private static func middle(_ ends: [End]) -> Double {
    Double(ends.reduce(0) { $0 + $1.middle }) / Double(max(1, ends.count))
  }

  /// Places the ports of one box in the order of their wires' targets: near their preferred
  /// columns, and at least two columns apart if the box is wide enough.
  private static func spread(
    _ ports: [Port], in range: ClosedRange<Int>, by aims: [Double]
  ) -> [Port] {
    guard ports.count > 1 else { return ports }
    var ports = ports.sorted { (aims[$0.wire], $0.wire) < (aims[$1.wire], $1.wire) }
    let available = range.upperBound - range.lowerBound
    let step = max(1, min(4, available / (ports.count - 1)))
    let places = Spacing.nearest(
      ports.map { Double($0.preferred) }, ports.map(\.weight),
      gaps: ports.dropLast().map { _ in step })
    let apart = min(2, step)
    for (index, place) in places.enumerated() {
      let column = min(place, range.upperBound - apart * (ports.count - 1 - index))
      ports[index].preferred = max(column, range.lowerBound + apart * index)
    }
    return ports
  }

  /// The nearest allowed column.
  private static func nearest(
    to preferred: Int, in range: ClosedRange<Int>, where isFit: (Int) -> Bool
  ) -> Int {
    let start = min(max(preferred, range.lowerBound), range.upperBound)
    for distance in 0...(range.upperBound - range.lowerBound) {
      for column in [start - distance, start + distance] {
        if range.contains(column), isFit(column) { return column }
      }
    }
    return start
  }
}

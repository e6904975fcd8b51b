import Engine
import HumanText
import Workflow

/// The timeline as SVG: the number of running jobs on top, then a lane for each slot.
///
/// A wide bar is a rectangle with its task as a tooltip. Narrow bars of a lane are one path for
/// each colour, and bars at the same position are drawn once. So the size of the drawing
/// depends on its width, not on the number of jobs.
struct TimelineDrawing {
  let timeline: Timeline
  let palette: StagePalette
  /// The attempts on the critical path, which are underlined.
  let path: Set<FiringID>
  let laneLimit: Int

  private static let gutter = 152.0
  private static let plot = 984.0
  private static let width = gutter + plot
  private static let chart = 48.0
  private static let pitch = 20.0
  private static let bar = 14.0
  private static let wide = 3.0
  /// The width of a letter in a bar, with some margin.
  private static let letter = 6.2
  /// Narrow bars that begin closer than this to the previous one are at the same position.
  private static let spot = 0.6

  private var axis: TimeAxis { TimeAxis(range: timeline.range, length: Self.plot) }
  private var lanes: ArraySlice<Timeline.Lane> { timeline.lanes.prefix(laneLimit) }
  private var top: Double { Self.chart + 18 }
  private var height: Double { top + Double(lanes.count) * Self.pitch + 22 }

  var svg: Markup {
    """
    <svg viewBox="0 0 \(Self.width) \(height)" role="img" aria-label="Timeline by worker">
    \(grid)
    \(jobsAtOnce)
    \(lanes.enumerated().map { drawing($0.element, at: top + Double($0.offset) * Self.pitch) })
    </svg>
    """
  }

  private var grid: Markup {
    let bottom = height - 20
    let marks = axis.ticks().map { tick -> Markup in
      let x = Self.gutter + tick.place
      return """
        <path class="grid" d="M\(x) 0V\(bottom)"/>
        <text class="tick" x="\(x)" y="\(bottom + 14)">\(tick.text)</text>
        """
    }
    return Markup(marks)
  }

  private var jobsAtOnce: Markup {
    let maximum = timeline.jobsAtOnce.map(\.count).max() ?? 0
    guard maximum > 0 else { return "" }
    var path: Markup = "M\(Self.gutter) \(Self.chart)"
    for (x, count) in thinned() {
      let y = Self.chart - Double(count) / Double(maximum) * (Self.chart - 6)
      path = "\(path)H\(Self.gutter + x)V\(y)"
    }
    return """
      <text class="lane" x="0" y="\(Self.chart / 2 + 4)">Jobs at once, up to \(maximum)</text>
      <path class="area" d="\(path)V\(Self.chart)Z"/>
      """
  }

  /// The steps of the curve, a limited number per unit; the highest of several at one
  /// position.
  private func thinned() -> [(x: Double, count: Int)] {
    var result: [(x: Double, count: Int)] = []
    for (time, count) in timeline.jobsAtOnce {
      let x = axis.place(time)
      if let last = result.last, x - last.x < Self.spot {
        result[result.count - 1].count = max(last.count, count)
      } else {
        result.append((x, count))
      }
    }
    return result
  }

  private func drawing(_ lane: Timeline.Lane, at y: Double) -> Markup {
    var wide: [Markup] = []
    var narrow: [String: NarrowBars] = [:]
    var critical = NarrowBars()
    for bar in lane.bars {
      let x = axis.place(bar.start)
      let width = axis.place(bar.end) - x
      if path.contains(bar.attempt.firing), bar.result == .succeeded || width >= Self.wide {
        critical.add(x, max(width, 1), spot: Self.spot)
      }
      if width >= Self.wide {
        wide.append(rectangle(bar, x: x, y: y, width: width))
      } else {
        narrow[style(bar), default: NarrowBars()].add(x, width, spot: Self.spot)
      }
    }
    let paths = narrow.sorted { $0.key < $1.key }.map { style, bars -> Markup in
      "<path class=\"\(style)\" d=\"\(bars.path(gutter: Self.gutter, y: y, height: Self.bar))\"/>"
    }
    let line = critical.path(gutter: Self.gutter, y: y + Self.bar + 1, height: 2)
    return """
      <text class="lane" x="0" y="\(y + 11)">\(name(lane))</text>
      \(paths)\(wide)<path class="critical" d="\(line)"/>
      """
  }

  private func rectangle(_ bar: Timeline.Bar, x: Double, y: Double, width: Double) -> Markup {
    let gap = width > 6 ? 0.8 : 0.4
    let length = Formats.mean(milliseconds: Double(bar.end - bar.start))
    let tries = bar.attempt.number > 1 ? ", attempt \(bar.attempt.number)" : ""
    return """
      <rect class="\(style(bar))" x="\(Self.gutter + x)" y="\(y)" width="\(width - gap)" \
      height="\(Self.bar)" rx="1.5"><title>\(bar.label.displayName)\(tries): \
      \("\(bar.result)"), \(length)</title></rect>\(caption(bar, x: x, y: y, width: width))
      """
  }

  /// The name within its bar, if there is room.
  private func caption(
    _ bar: Timeline.Bar, x: Double, y: Double, width: Double
  ) -> Markup? {
    let name = bar.label.displayName
    guard Double(name.unicodeScalars.count) * Self.letter + 8 < width else { return nil }
    let tone = palette.isLight(bar.stage) && bar.result != .failed ? " dark" : ""
    return "<text class=\"in\(tone)\" x=\"\(Self.gutter + x + 5)\" y=\"\(y + 10.5)\">\(name)</text>"
  }

  private func style(_ bar: Timeline.Bar) -> String {
    bar.result == .failed ? "failed" : palette.name(bar.stage)
  }

  private func name(_ lane: Timeline.Lane) -> String {
    let text = lane.worker.displayName
    let available = 20
    guard text.count > available else { return "\(text)/\(lane.slot)" }
    return "\(text.prefix(available / 2))…\(text.suffix(available / 2 - 1))/\(lane.slot)"
  }
}

/// Narrow bars of one colour, joined if they are at one position.
private struct NarrowBars {
  private var bars: [(x: Double, end: Double)] = []

  mutating func add(_ x: Double, _ width: Double, spot: Double) {
    let end = x + max(width, spot)
    if let last = bars.last, x - last.end < spot {
      bars[bars.count - 1].end = max(last.end, end)
    } else {
      bars.append((x, end))
    }
  }

  func path(gutter: Double, y: Double, height: Double) -> Markup {
    Markup(
      bars.map { bar -> Markup in
        let width = bar.end - bar.x
        return "M\(gutter + bar.x) \(y)h\(width)v\(height)h\(-width)z"
      })
  }
}

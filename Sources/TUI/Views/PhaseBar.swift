internal import Engine
import HumanText

/// The phases of attempts as one bar with a legend: `wait ░░ run ████`.
enum PhaseBar {
  /// Times of the phases, in milliseconds.
  struct Times: Equatable {
    private var values = [Int](repeating: 0, count: AttemptTimes.Phase.allCases.count)

    init() {}

    init(_ times: AttemptTimes) { add(times) }

    mutating func add(_ times: AttemptTimes) {
      for phase in AttemptTimes.Phase.allCases { values[phase.rawValue] += times[phase] ?? 0 }
    }

    subscript(phase: AttemptTimes.Phase) -> Int { values[phase.rawValue] }
    var total: Int { values.reduce(0, +) }
  }

  /// The bar, then the phases that took at least a hundredth; empty without any time.
  static func line(_ times: Times, columns: Int, theme: Theme) -> Line {
    let total = times.total
    guard total > 0 else { return Line() }
    let phases = AttemptTimes.Phase.allCases.filter { times[$0] * 100 >= total }
    var legend = Line()
    for phase in phases {
      let (sign, style) = appearance(phase, theme)
      let share = (times[phase] * 100 + total / 2) / total
      legend.append(legend.width > 0 ? "  \(sign)" : sign, style)
      legend.append(" \(name(phase)) \(Formats.mean(milliseconds: Double(times[phase])))")
      if phases.count > 1 { legend.append(" \(share) %", theme.dim) }
    }
    let available = columns - legend.width - 2
    guard available >= 8, !theme.isForScreenReader else { return legend }
    let widths = ProgressBar.widths(
      of: phases.map { times[$0] }, total: phases.reduce(0) { $0 + times[$1] },
      columns: min(40, available))
    var line = Line()
    for (phase, width) in zip(phases, widths) {
      let (sign, style) = appearance(phase, theme)
      line.append(String(repeating: sign, count: width), style)
    }
    line.append("  ")
    line.append(legend)
    return line
  }

  static func name(_ phase: AttemptTimes.Phase) -> String {
    switch phase {
    case .wait: "held back"
    case .queue: "queue"
    case .dispatch: "dispatch"
    case .run: "run"
    case .notify: "notify"
    }
  }

  private static func appearance(
    _ phase: AttemptTimes.Phase, _ theme: Theme
  ) -> (String, Style) {
    switch phase {
    case .wait: (theme.ascii ? "." : "░", theme.dim)
    case .queue: (theme.ascii ? "-" : "▒", theme.warning)
    case .dispatch: (theme.ascii ? "+" : "▓", theme.warning)
    case .run: (theme.ascii ? "#" : "█", theme.good)
    case .notify: (theme.ascii ? "=" : "▚", theme.dim)
    }
  }
}

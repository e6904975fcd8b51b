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
    let most = isOver && reported > 0 ? reported : series.mostKilobytes
    let now = isOver ? "" : "\(Formats.size(bytes: last.kilobytes * 1024)) now, "
    let load = isOver ? "" : "\(percent(last.load)) now, "
    let loads = series.samples.map(\.load)
    return [
      row(
        "memory", series.samples.map { Double($0.kilobytes) },
        "\(now)peak \(Formats.size(bytes: most * 1024))"),
      row(
        "cpu", loads, "\(load)peak \(percent(loads.max() ?? 0)) of a core"),
    ]
  }

  private static func percent(_ load: Double) -> String { "\(Int((load * 100).rounded())) %" }
}

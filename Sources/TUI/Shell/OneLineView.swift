internal import Engine
internal import HumanText
internal import Workflow

/// The view for a screen too small for panes: state, progress and the most important message.
enum OneLineView {
  static func draw(_ model: Model, in layout: Layout, on buffer: inout CellBuffer) {
    let (counts, theme) = (model.run.counts, model.theme)
    let (appearance, _) = HeaderView.runState(model)
    var line = Line(theme.glyph(appearance) + " ", theme.style(appearance))
    line.append("\(counts.done)/\(counts.total)", theme.strong)
    line.append(theme.attention(counts))
    if model.run.startedAt != nil {
      line.append(" " + Formats.duration(milliseconds: model.run.elapsed(now: model.now)))
    }
    let name = model.run.workflow.name.displayName
    line.append(" " + name, theme.dim)
    buffer.write(
      line.cut(to: layout.header.columns, ellipsis: theme.ellipsis), at: Point(column: 0, row: 0))
    guard !layout.hints.isEmpty else { return }
    let isForm = if case .edit = model.overlay { true } else { false }
    let hint =
      isForm
      ? Line("the form needs 5 rows   Esc closes it", theme.warning)
      : model.overlay == nil && model.status == nil
        ? Line("needs 40x8   q leave", theme.dim)
        : HintView.line(model, columns: layout.hints.columns)
    buffer.write(
      hint.cut(to: layout.hints.columns, ellipsis: theme.ellipsis),
      at: Point(column: 0, row: layout.hints.row))
  }
}

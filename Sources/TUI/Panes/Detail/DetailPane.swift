internal import Engine

/// Everything about the selected task, as lines to scroll through.
struct DetailPane: PaneContent, Equatable {
  private(set) var top = 0

  mutating func scroll(by rows: Int, lines: Int, height: Int) {
    top = min(max(0, top + rows), max(0, lines - height))
  }
}

extension Model {
  /// Opens the selected task, which stays the selected one from now on.
  mutating func openDetail() {
    tasks.keepSelection()
    detail = DetailPane()
    choose(.detail)
  }
}

// MARK: - In the shell

extension DetailPane {
  static let bindings: [KeyBinding] = []

  static func notes(_ model: Model) -> [String] {
    model.selected.map { [model.run.label($0)] } ?? []
  }

  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    DetailView.draw(model, in: area, on: &buffer)
  }

  static func perform(_ action: Action, on model: inout Model) -> [Effect]? {
    switch action {
    case .shell(.open), .move(.left): model.close(.detail)
    default: return nil
    }
    return []
  }

  static func scroll(by rows: Int, on model: inout Model) {
    guard let firing = model.selected else { return }
    model.detail.scroll(
      by: rows, lines: DetailView.lines(model, firing).count,
      height: model.layout.height(.detail))
  }

  static func jump(toEnd: Bool, on model: inout Model) {
    scroll(by: toEnd ? Int.max / 2 : -Int.max / 2, on: &model)
  }

  static func settle(_ model: inout Model) -> [Effect] {
    guard model.layout.panes[.detail] != nil else { return [] }
    scroll(by: 0, on: &model)
    return []
  }
}

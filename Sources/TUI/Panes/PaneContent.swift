internal import Engine

/// The interface between a pane and the shell. A pane's state is a value in ``Model``, its keys
/// are a table of its own, and these functions read and change the model. Most have defaults.
///
/// To add a pane: a folder in `Panes`, a stored property in `Model`, a case in ``Action``, and
/// a line in ``Pane/content``.
protocol PaneContent {
  /// Its keys, in the order of help and hint line. They take precedence over the global ones.
  static var bindings: [KeyBinding] { get }

  /// The columns of its table for the configuration file; the user's choice is
  /// `model.columns(of:)`.
  static var columns: [String] { get }

  /// Whether it shows text that grows, such as output, which is then printed as it grows.
  static var streams: Bool { get }

  /// The effect of Enter, for the hint line.
  static var opening: String { get }

  /// The effect of an action now, for the hint line; `nil` for the hint of its binding.
  static func hint(for action: Action, in model: Model) -> String?

  /// The notes after the pane's name in the title.
  static func notes(_ model: Model) -> [String]
  /// Draws the content; `area` includes the border.
  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer)

  /// Why an action is not possible now. Called for the pane's own actions, and for global
  /// ones while the pane has the focus.
  static func objection(to action: Action, in model: Model) -> String?
  /// Performs an action, its own or a global one; `nil` leaves it to the shell.
  static func perform(_ action: Action, on model: inout Model) -> [Effect]?
  /// The tasks that actions apply to while the pane has the focus; `nil` for the selected
  /// task.
  static func subjects(_ model: Model) -> [FiringID]?
  /// The item under the cursor; `nil` for the selected task.
  static func target(_ model: Model) -> Target?
  /// Keeps the cursor on its current item.
  static func pin(_ model: inout Model)

  /// Moves the cursor, or scrolls if there is none.
  static func scroll(by rows: Int, on model: inout Model)
  static func jump(toEnd: Bool, on model: inout Model)
  /// `place` is relative to the inside of the border.
  static func click(_ place: Point, on model: inout Model) -> [Effect]

  /// The text of one of its prompts has changed.
  static func typed(_ prompt: Prompt, on model: inout Model)
  /// One of its prompts has ended with Enter or Escape.
  static func ended(_ prompt: Prompt, isAccepted: Bool, on model: inout Model) -> [Effect]

  /// An event has been applied to `model.run`.
  static func handle(_ event: RunEvent, on model: inout Model)
  /// Output of a followed attempt has arrived.
  static func handle(_ update: LogUpdate, on model: inout Model)
  /// Called after every message: updates the pane's state.
  static func refresh(_ model: inout Model) -> [Effect]
}

extension PaneContent {
  static var columns: [String] { [] }
  static var streams: Bool { false }
  static var opening: String { "open" }
  static func hint(for action: Action, in model: Model) -> String? { nil }
  static func notes(_ model: Model) -> [String] { [] }
  static func objection(to action: Action, in model: Model) -> String? { nil }
  static func perform(_ action: Action, on model: inout Model) -> [Effect]? { nil }
  static func subjects(_ model: Model) -> [FiringID]? { nil }
  static func target(_ model: Model) -> Target? { nil }
  static func pin(_ model: inout Model) { model.tasks.pin() }
  static func click(_ place: Point, on model: inout Model) -> [Effect] { [] }
  static func typed(_ prompt: Prompt, on model: inout Model) {}
  static func ended(
    _ prompt: Prompt, isAccepted: Bool, on model: inout Model
  ) -> [Effect] { [] }
  static func handle(_ event: RunEvent, on model: inout Model) {}
  static func handle(_ update: LogUpdate, on model: inout Model) {}
  static func refresh(_ model: inout Model) -> [Effect] { [] }
}

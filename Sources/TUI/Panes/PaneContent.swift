internal import Engine

/// What a pane is to the shell. Its state is a value in ``Model``, its keys are a table of its own,
/// and these functions read and change the model; all that has a default may be left out.
///
/// To add a pane: a folder in `Panes`, a stored property in `Model` for its state, a case in
/// ``Action`` for its keys, and a line in ``Pane/content``.
protocol PaneContent {
  /// Its keys, in the order of help and hint line. In this pane they win over the global ones.
  static var bindings: [KeyBinding] { get }

  /// The columns of its table, by which the configuration file chooses; those that the person
  /// chose are in `model.columns(of:)`.
  static var columns: [String] { get }

  /// Whether it shows something that comes by and by, such as output, to be said as it comes.
  static var streams: Bool { get }

  /// What Enter does, in a word or two for the hint line.
  static var opening: String { get }

  /// What the title says behind the pane's name.
  static func notes(_ model: Model) -> [String]
  /// Draws what is inside of the border; `area` includes it.
  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer)

  /// Why an action can do nothing now. Asked for the pane's own actions, and for the global ones
  /// while the pane has the focus.
  static func objection(to action: Action, in model: Model) -> String?
  /// Does what a key means, the pane's own and global ones; `nil` leaves it to the shell.
  static func perform(_ action: Action, on model: inout Model) -> [Effect]?
  /// The tasks that retry, skip, cancel and the like are about while the pane has the focus; `nil`
  /// for the selected one.
  static func subjects(_ model: Model) -> [FiringID]?
  /// What the cursor is on; `nil` for the selected task.
  static func target(_ model: Model) -> Target?
  /// The cursor is to stay on what it is on now, wherever that goes.
  static func pin(_ model: inout Model)

  /// Moves the cursor, or the text where there is none.
  static func scroll(by rows: Int, on model: inout Model)
  static func jump(toEnd: Bool, on model: inout Model)
  /// `place` is within the border, from its upper left corner on.
  static func click(_ place: Point, on model: inout Model) -> [Effect]

  /// The text of a prompt of this pane has changed.
  static func typed(_ prompt: Prompt, on model: inout Model)
  /// Enter or Escape.
  static func ended(_ prompt: Prompt, isAccepted: Bool, on model: inout Model) -> [Effect]

  /// An event that `model.run` has taken in already.
  static func take(_ event: RunEvent, on model: inout Model)
  /// Output of an attempt that is followed.
  static func take(_ update: LogUpdate, on model: inout Model)
  /// After every message: brings the pane's state in line with the rest of the model.
  static func settle(_ model: inout Model) -> [Effect]
}

extension PaneContent {
  static var columns: [String] { [] }
  static var streams: Bool { false }
  static var opening: String { "open" }
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
  static func take(_ event: RunEvent, on model: inout Model) {}
  static func take(_ update: LogUpdate, on model: inout Model) {}
  static func settle(_ model: inout Model) -> [Effect] { [] }
}

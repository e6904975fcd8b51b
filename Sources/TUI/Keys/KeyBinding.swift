/// One line of a key table. Update, hint line and help all use it.
struct KeyBinding: Sendable {
  let action: Action
  let group: Group
  var keys: [Key]
  let help: String
  /// A word or two for the hint line; `nil` leaves it out.
  let hint: String?
  /// Whether it stays in the hint line when others are left out.
  let isEssential: Bool

  enum Group: String, CaseIterable, Sendable {
    case act = "Act"
    case run = "Run"
    case view = "View"
    case move = "Move"
    case program = "Program"
  }

  init(
    _ action: Action, _ group: Group, _ keys: [Key], _ help: String, hint: String? = nil,
    isEssential: Bool = false
  ) {
    self.action = action
    self.group = group
    self.keys = keys
    self.help = help
    self.hint = hint
    self.isEssential = isEssential
  }

  /// How the help names the keys, e.g. `Down j`.
  var names: String { keys.map(\.name).joined(separator: " ") }
}

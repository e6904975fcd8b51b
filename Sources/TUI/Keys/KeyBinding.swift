/// One line of a key table. Update, hint line and help are all made from it.
struct KeyBinding: Sendable {
  let action: Action
  let group: Group
  var keys: [Key]
  let help: String
  /// A word or two for the hint line; `nil` keeps it out.
  let hint: String?
  /// Stays in the hint line when others have to go.
  let isEssential: Bool

  enum Group: String, CaseIterable, Sendable {
    case act = "Act"
    case run = "Run"
    case look = "Look"
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

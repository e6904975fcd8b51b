/// The sequences that make text on the screen links, and plain text again.
///
/// ncurses does not know links. Their text is written once more after a painting, and the
/// terminal keeps the link with the cells until something else is written there.
struct LinkPainter {
  let colors: ColorDepth

  /// The sequences to write after `buffer` was painted over `old`, with these changes.
  func text(_ buffer: CellBuffer, over old: CellBuffer?, _ changes: [CellChange]) -> String {
    let (new, former) = (buffer.shownLinks, old?.shownLinks ?? [])
    guard !new.isEmpty || !former.isEmpty else { return "" }
    let painted = Dictionary(grouping: changes, by: \.at.row)
    func isPainted(_ link: CellLink) -> Bool {
      painted[link.at.row]?.contains {
        (link.at.column..<link.at.column + link.columns).contains($0.at.column)
      } ?? false
    }
    let known = Set(new)
    let gone = former.filter { !known.contains($0) }.map { sequence($0, nil, buffer) }
    let formerly = Set(former)
    let fresh = new.filter { !formerly.contains($0) || isPainted($0) }
    let text = (gone + fresh.map { sequence($0, $0.uri, buffer) }).joined()
    // ncurses finds the cursor and its attributes as it left them.
    return text.isEmpty ? "" : "\u{1B}7\(text)\u{1B}[0m\u{1B}8"
  }

  /// The cells of a link as they are now. A wide character at its edge is left alone.
  private func sequence(_ link: CellLink, _ uri: String?, _ buffer: CellBuffer) -> String {
    let (row, start) = (link.at.row, link.at.column)
    guard row < buffer.size.rows, start + link.columns <= buffer.size.columns,
      !buffer[start, row].isContinuation,
      start + link.columns == buffer.size.columns
        || !buffer[start + link.columns, row].isContinuation
    else { return "" }
    var text = "\u{1B}[\(row + 1);\(start + 1)H"
    if let uri { text += "\u{1B}]8;;\(uri)\u{1B}\\" }
    var style: Style?
    for column in start..<start + link.columns {
      let cell = buffer[column, row]
      if cell.style != style {
        text += "\u{1B}[\(graphics(cell.style))m"
        style = cell.style
      }
      text += cell.text
    }
    return uri == nil ? text : text + "\u{1B}]8;;\u{1B}\\"
  }

  /// The parameters of SGR.
  private func graphics(_ style: Style) -> String {
    var codes = ["0"]
    let attributes: [(Style.Attributes, String)] = [
      (.bold, "1"), (.dim, "2"), (.italic, "3"), (.underline, "4"), (.reverse, "7"),
    ]
    codes += attributes.filter { style.attributes.contains($0.0) }.map(\.1)
    for (color, base) in [(style.foreground, 30), (style.background, 40)] {
      guard let (index, bold) = colors.nearest(color) else { continue }
      if bold, base == 30 { codes.append("1") }
      switch index {
      case ..<8: codes.append("\(base + index)")
      case ..<16: codes.append("\(base + 60 + index - 8)")
      default: codes.append("\(base + 8);5;\(index)")
      }
    }
    return codes.joined(separator: ";")
  }
}

extension TerminalKind {
  /// Whether a terminal is known to show links, or passes them on.
  ///
  /// | variable | value |
  /// |---|---|
  /// | `FORCE_HYPERLINK` | `0` never, anything else always |
  /// | `TMUX` | tmux from 3.4, which says its version |
  /// | `STY` | screen: never |
  /// | `TERM_PROGRAM` | iTerm.app, WezTerm, vscode, ghostty, mintty, Hyper, rio |
  /// | `TERM` | xterm-kitty, alacritty, foot, contour, ghostty, wezterm |
  /// | others | VTE from 0.50, Konsole from 20.12, Windows Terminal, DomTerm |
  static func showsLinks(_ environment: (String) -> String?) -> Bool {
    if let setting = environment("FORCE_HYPERLINK"), !setting.isEmpty { return setting != "0" }
    let program = environment("TERM_PROGRAM") ?? ""
    if environment("TMUX") != nil {
      let version = (environment("TERM_PROGRAM_VERSION") ?? "").split(separator: ".")
      let numbers = version.map { Int($0.prefix { $0.isNumber }) ?? 0 } + [0, 0]
      return program == "tmux" && (numbers[0], numbers[1]) >= (3, 4)
    }
    if environment("STY") != nil { return false }
    let programs = ["iTerm.app", "WezTerm", "vscode", "ghostty", "mintty", "Hyper", "rio"]
    if programs.contains(program) { return true }
    let name = environment("TERM") ?? ""
    let names = ["xterm-kitty", "alacritty", "foot", "contour", "xterm-ghostty", "wezterm"]
    if names.contains(where: { name.hasPrefix($0) }) { return true }
    func version(_ variable: String) -> Int { environment(variable).flatMap { Int($0) } ?? 0 }
    return version("VTE_VERSION") >= 5000 || version("KONSOLE_VERSION") >= 201_200
      || environment("WT_SESSION") != nil || environment("DOMTERM") != nil
  }
}

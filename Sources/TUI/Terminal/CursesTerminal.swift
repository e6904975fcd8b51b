internal import CNcurses
internal import Glibc
internal import Posix

/// The real terminal, through ncurses. Opening it enters the alternate screen and raw mode;
/// ``close()`` restores both, and the crash guard does if the program dies.
///
/// ncurses is not thread-safe: open, use and close it on one thread.
package final class CursesTerminal: ScreenTerminal {
  package let colors: ColorDepth
  private let screen: OpaquePointer
  private let window: UnsafeMutablePointer<WINDOW>
  private let hasDefaultColors: Bool
  private let supportsPasteRequest: Bool
  /// Whether the terminal is known to ignore unknown requests.
  private let knowsRequests: Bool
  private let showsLinks: Bool
  /// The pipe of keys to ncurses, which reads nothing else; pastes bypass it.
  private let keys: Pipe
  private let keyStream: UnsafeMutablePointer<FILE>
  private var input: InputReader
  private var sequences = TerminalSequences()
  /// The terminal's modes while the screen is shown.
  private var modes: termios?
  private var shown: CellBuffer?
  private var isOpen = true
  private var mouseIsOn = true

  /// - Parameter noColor: the user disabled colours (`NO_COLOR`).
  package init(noColor: Bool) throws(TerminalError) {
    let name = Environment["TERM"] ?? ""
    guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else {
      throw TerminalError(code: .notATerminal, name: name)
    }
    guard name != "", name != "dumb" else { throw TerminalError(code: .tooDumb, name: name) }
    CrashGuard.keepModes()
    let kind = TerminalKind { Environment[$0] }
    supportsPasteRequest = kind.supportsPasteRequest
    knowsRequests = kind.marksPastes
    showsLinks = TerminalKind.showsLinks { Environment[$0] }
    input = InputReader(marksPastes: kind.marksPastes)
    guard let keys = try? Pipe(nonblocking: true),
      let keyStream = hf_keys_open(dup(keys.readEnd.number))
    else {
      throw TerminalError(code: .noPipe, name: name)
    }
    let type = Self.type(name, colorTerm: Environment["COLORTERM"])
    guard let screen = type.flatMap({ hf_open($0, keyStream) }) ?? hf_open(name, keyStream),
      let window = hf_screen()
    else {
      fclose(keyStream)
      throw TerminalError(code: .unknownTerminal, name: name)
    }
    guard hf_can_address() != 0 else {
      endwin()
      delscreen(screen)
      fclose(keyStream)
      throw TerminalError(code: .tooDumb, name: name)
    }
    self.screen = screen
    self.window = window
    self.keys = keys
    self.keyStream = keyStream
    CrashGuard.install(hasScreen: true, hasPastes: supportsPasteRequest)
    let wantsColor = !noColor && has_colors()
    if wantsColor { start_color() }
    hasDefaultColors = wantsColor && use_default_colors() == OK
    colors = wantsColor ? ColorDepth(terminalColors: Int(hf_colors())) : .none
    configure()
  }

  /// The richer terminal type that `COLORTERM` promises; `nil` if the name already has it.
  static func type(_ name: String, colorTerm: String?) -> String? {
    guard let colorTerm, ["truecolor", "24bit"].contains(colorTerm),
      !name.hasSuffix("-256color"), !name.hasSuffix("-direct")
    else { return nil }
    return name + "-256color"
  }

  private func configure() {
    raw()
    noecho()
    nonl()
    // Sequences arrive complete: see PasteSplitter.
    set_escdelay(1)
    keypad(window, true)
    hf_define_keys()
    // ncurses must not move cells on the screen: the terminal would move their links, too.
    if showsLinks { idcok(window, false) }
    nodelay(window, true)
    modes = CrashGuard.modes
    armCrashGuard()
    // Refresh now: otherwise reading a key would paint an empty screen later.
    wrefresh(window)
    curs_set(0)
    hf_mouse_enable(1)
    requestPasteMarks(true)
    // Whether it can update synchronously.
    if knowsRequests { send("\u{1B}[?2026$p") }
  }

  /// Registers the terminal with the guardian process.
  private func armCrashGuard() { if let modes { CrashGuard.arm(modes) } }

  private func requestPasteMarks(_ on: Bool) {
    if supportsPasteRequest { hf_paste_enable(on ? 1 : 0) }
  }

  /// Restores the terminal. May be called twice.
  package func close() {
    guard isOpen else { return }
    isOpen = false
    restore()
    CrashGuard.remove()
    delscreen(screen)
    fclose(keyStream)
  }

  deinit { close() }

  // MARK: Output

  package var size: Size {
    Size(columns: Int(getmaxx(window)), rows: Int(getmaxy(window)))
  }

  package func paint(_ buffer: CellBuffer) {
    let changes = buffer.changes(from: shown)
    for change in changes { put(change) }
    let links =
      showsLinks ? LinkPainter(colors: colors).text(buffer, over: shown, changes) : ""
    shown = buffer
    wnoutrefresh(window)
    // The terminal shows the whole picture at once, or not at all.
    let isSynchronous = sequences.isSynchronous == true
    if isSynchronous { send("\u{1B}[?2026h") }
    doupdate()
    if !links.isEmpty { send(links) }
    if isSynchronous { send("\u{1B}[?2026l") }
  }

  private func put(_ change: CellChange) {
    guard let base = change.cell.base else { return }
    let scalars = [base.value] + change.cell.marks.map(\.value)
    let (pair, bold) = pair(of: change.cell.style)
    let attributes = change.cell.style.attributes
    hf_put(
      window, Int32(change.at.row), Int32(change.at.column), scalars, Int32(scalars.count),
      hf_attributes(
        attributes.contains(.bold) || bold ? 1 : 0, attributes.contains(.dim) ? 1 : 0,
        attributes.contains(.underline) ? 1 : 0, attributes.contains(.reverse) ? 1 : 0,
        attributes.contains(.italic) ? 1 : 0),
      pair)
  }

  private func pair(of style: Style) -> (pair: Int32, bold: Bool) {
    let foreground = colors.nearest(style.foreground)
    let background = colors.nearest(style.background)
    if foreground == nil && background == nil { return (0, false) }
    let pair = alloc_pair(
      Int32(foreground?.index ?? (hasDefaultColors ? -1 : 7)),
      Int32(background?.index ?? (hasDefaultColors ? -1 : 0)))
    return (max(0, pair), foreground?.bold ?? false)
  }

  package func invalidate() {
    shown = nil
    clearok(window, true)
  }

  package func resize() {
    var (rows, columns): (Int32, Int32) = (0, 0)
    guard hf_size(&rows, &columns) == 0 else { return }
    resize_term(rows, columns)
    invalidate()
  }

  package func suspend() { release { hf_stop_job() } }

  /// On a terminal without an alternate screen, moves to a new row.
  private func restore() {
    hf_mouse_enable(0)
    requestPasteMarks(false)
    curs_set(1)
    wmove(window, getmaxy(window) - 1, 0)
    wclrtoeol(window)
    wrefresh(window)
    endwin()
    CrashGuard.release()
  }

  package func release(during body: () -> Void) {
    restore()
    body()
    armCrashGuard()
    wrefresh(window)
    curs_set(0)
    hf_mouse_enable(mouseIsOn ? 1 : 0)
    requestPasteMarks(true)
    resize()
    invalidate()
  }

  package func send(_ sequence: String) {
    try? DescriptorIO.write(sequence, to: STDOUT_FILENO)
  }

  package func ringBell() { beep() }

  package func setMouse(_ on: Bool) {
    mouseIsOn = on
    hf_mouse_enable(on ? 1 : 0)
  }

  // MARK: Input

  package var inputDescriptor: Int32 { STDIN_FILENO }

  package var inputEnded: Bool { input.hasEnded }
  package var inputDueAt: Int? { input.dueAt }

  package func nextInput() -> Input? {
    while true {
      if let key = nextKey() { return key }
      switch input.next() {
      case .keys(let bytes):
        let plain = sequences.plain(bytes)
        if !plain.isEmpty { try? DescriptorIO.write(plain, to: keys.writeEnd.number) }
      case .paste(let text): return .paste(text)
      case nil: return nil
      }
    }
  }

  private func nextKey() -> Input? {
    while let (code, isKey) = read() {
      if isKey && Int32(code) == KEY_MOUSE {
        if let input = mouseInput() { return input }
      } else if let key = isKey ? KeyDecoder.functionKey(Int32(code)) : plainKey(code) {
        return .key(key)
      }
    }
    return nil
  }

  private func read() -> (code: UInt32, isKey: Bool)? {
    var code: wint_t = 0
    switch wget_wch(window, &code) {
    case OK: return (code, false)
    case KEY_CODE_YES: return (code, true)
    default: return nil
    }
  }

  /// Escape followed at once by another key means Alt.
  private func plainKey(_ code: UInt32) -> Key? {
    guard code == 27, let (next, isKey) = read() else { return KeyDecoder.plainKey(code) }
    if isKey { return KeyDecoder.functionKey(Int32(next)) }
    return Unicode.Scalar(next).map { .alt(Character($0)) }
  }

  private func mouseInput() -> Input? {
    var (column, row): (Int32, Int32) = (0, 0)
    let kind = hf_mouse(&column, &row)
    let point = Point(column: Int(column), row: Int(row))
    switch Int(kind) {
    case HF_MOUSE_PRESS: return .click(point)
    case HF_MOUSE_DRAG: return .drag(point)
    case HF_MOUSE_RELEASE: return .release(point)
    case HF_MOUSE_WHEEL_UP: return .wheel(point, rows: -3)
    case HF_MOUSE_WHEEL_DOWN: return .wheel(point, rows: 3)
    default: return nil
    }
  }
}

extension CursesTerminal {
  /// Adopts the user's locale and returns whether it is UTF-8. Call once, early.
  package static func adoptLocale() -> Bool { hf_locale_is_utf8() != 0 }
}

internal import Glibc
internal import Posix

/// The Elm loop: wait for something to happen, let `update` say what follows, carry that out,
/// paint.
///
/// Everything runs on the calling thread. It paints only after a change and at most every 33 ms,
/// and wakes by itself only for a painting that is due and, while the run is live, once a second
/// for the clock.
struct Loop {
  static let frameMilliseconds = 33

  private(set) var model: Model
  private let terminal: any Terminal
  private let mailbox: Mailbox
  private let perform: (WorldEffect) -> Void
  private let runPersonal: (LentText) -> LentOutcome
  private let kind: TerminalKind
  private var isDirty = true
  private var lastPainting = Int.min / 2
  private var lastClock = Int.min / 2
  private var reason: LeaveReason?
  /// Another program had the terminal since the signals were last looked at.
  private var wasLent = false

  init(
    model: Model, terminal: any Terminal, mailbox: Mailbox,
    runPersonal: @escaping (LentText) -> LentOutcome = PersonalProgram.run,
    kind: TerminalKind = TerminalKind { Environment[$0] },
    perform: @escaping (WorldEffect) -> Void
  ) {
    self.model = model
    self.terminal = terminal
    self.mailbox = mailbox
    self.perform = perform
    self.runPersonal = runPersonal
    self.kind = kind
  }

  mutating func run(signals: borrowing TerminalSignals) -> LeaveReason {
    carryOut(model.start())
    while true {
      paintIfDue()
      var entries = [terminal.inputDescriptor, signals.descriptor, mailbox.descriptor]
        .map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      _ = Poll.wait(&entries, milliseconds: patience)
      tick()
      let messages = mailbox.drain()
      if !messages.isEmpty || model.hasWork { take(.world(messages)) }
      for signal in signals.drain() { take(signal) }
      wasLent = false
      if entries[0].revents != 0 { readInput(entries[0].revents) }
      if let reason { return reason }
    }
  }

  // MARK: Waiting

  /// Milliseconds until something is due by itself; -1 for never.
  private var patience: Int {
    if model.hasWork { return 0 }
    let now = Clock.monotonicMilliseconds
    var moments: [Int] = []
    if isDirty { moments.append(lastPainting + Self.frameMilliseconds) }
    if model.needsClock { moments.append(lastClock + 1000) }
    return moments.min().map { max(0, $0 - now) } ?? -1
  }

  private mutating func tick() {
    let now = Clock.monotonicMilliseconds
    guard now - lastClock >= 1000 else { return model.setTime(Clock.wallMilliseconds) }
    lastClock = now
    if model.needsClock { take(.clock(Clock.wallMilliseconds)) }
  }

  private mutating func paintIfDue() {
    let now = Clock.monotonicMilliseconds
    guard isDirty, now - lastPainting >= Self.frameMilliseconds else { return }
    terminal.paint(model.draw())
    lastPainting = now
    isDirty = false
  }

  // MARK: Messages in

  private mutating func readInput(_ revents: Int16) {
    while let input = terminal.nextInput() {
      take(.input(input))
      if reason != nil { return }
    }
    let gone = Int32(revents) & (POLLHUP | POLLERR | POLLNVAL) != 0
    if gone || terminal.inputEnded { reason = .hangUp }
  }

  private mutating func take(_ signal: TerminalSignals.Arrived) {
    switch signal {
    case .interrupt:
      // A key that was meant for the program which had the terminal.
      if !wasLent { reason = reason ?? .terminated }
    case .terminate: reason = reason ?? .terminated
    case .hangUp: reason = reason ?? .hangUp
    case .resized:
      terminal.resize()
      take(.resized(terminal.size))
    case .continued: carryOut([.redraw])
    }
  }

  private mutating func take(_ message: Message) {
    let effects = model.update(message)
    isDirty = true
    carryOut(effects)
  }

  // MARK: Effects out

  mutating func carryOut(_ effects: [Effect]) {
    for effect in effects {
      switch effect {
      case .world(let effect): perform(effect)
      case .redraw:
        terminal.invalidate()
        isDirty = true
      case .suspend:
        terminal.suspend()
        take(.resized(terminal.size))
      case .setMouse(let on): terminal.setMouse(on)
      case .copy(let text): copy(text)
      case .bell: terminal.ringBell()
      case .notify(let text): terminal.send(TerminalMessage.notification(text, terminal: kind))
      case .lend(let lent): lend(lent)
      case .leave(let why): reason = why
      }
    }
  }

  private mutating func copy(_ text: String) {
    if let sequence = TerminalMessage.clipboard(text, terminal: kind) { terminal.send(sequence) }
  }

  private mutating func lend(_ lent: LentText) {
    var outcome = LentOutcome.failed("")
    terminal.lend { outcome = runPersonal(lent) }
    wasLent = true
    take(.resized(terminal.size))
    take(.lent(lent, outcome))
  }
}

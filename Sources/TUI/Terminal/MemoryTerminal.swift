internal import Posix

/// A terminal without a terminal: input is queued by hand, paintings are kept.
package final class MemoryTerminal: ScreenTerminal {
  package let colors = ColorDepth.many
  package private(set) var size: Size
  package private(set) var screen: CellBuffer?
  package private(set) var paintings = 0
  package private(set) var suspensions = 0
  package private(set) var mouse = true
  package private(set) var loans = 0
  package private(set) var bells = 0
  package private(set) var sent: [String] = []
  package private(set) var isOpen = true
  package var inputEnded = false
  private var nextSize: Size
  private var queue: [Input] = []
  private let ready: Pipe

  package init(_ size: Size) throws {
    self.size = size
    nextSize = size
    ready = try Pipe(nonblocking: true)
  }

  package var inputDescriptor: Int32 { ready.readEnd.number }

  package func type(_ keys: Key...) throws {
    queue += keys.map(Input.key)
    try DescriptorIO.write([0], to: ready.writeEnd.number)
  }

  /// The size that ``resize()`` will find.
  package func setNextSize(_ size: Size) { nextSize = size }

  package func nextInput() -> Input? {
    guard queue.isEmpty else { return queue.removeFirst() }
    _ = try? DescriptorIO.read(ready.readEnd.number)
    return nil
  }

  package func paint(_ buffer: CellBuffer) {
    screen = buffer
    paintings += 1
  }

  package func invalidate() {}
  package func resize() { size = nextSize }
  package func suspend() { suspensions += 1 }
  package func setMouse(_ on: Bool) { mouse = on }

  package func lend(_ body: () -> Void) {
    loans += 1
    body()
  }

  package func send(_ sequence: String) { sent.append(sequence) }
  package func ringBell() { bells += 1 }
  package func close() { isOpen = false }
}

/// Its twin for lines: what is said is kept.
package final class MemoryLines: LineTerminal {
  package private(set) var said = ""
  package private(set) var isOpen = true
  package let hasKeys: Bool
  package var inputEnded = false
  private var queue: [Input] = []
  private let ready: Pipe

  package init(hasKeys: Bool = true) throws {
    self.hasKeys = hasKeys
    ready = try Pipe(nonblocking: true)
  }

  package func type(_ keys: Key...) throws {
    queue += keys.map(Input.key)
    try DescriptorIO.write([0], to: ready.writeEnd.number)
  }

  package var inputDescriptor: Int32 { hasKeys ? ready.readEnd.number : -1 }

  package func nextInput() -> Input? {
    guard queue.isEmpty else { return queue.removeFirst() }
    _ = try? DescriptorIO.read(ready.readEnd.number)
    return nil
  }

  package func say(_ text: String) { said += text }
  package func send(_ sequence: String) {}
  package func ringBell() {}
  package func suspend() {}
  package func lend(_ body: () -> Void) { body() }
  package func close() { isOpen = false }
}

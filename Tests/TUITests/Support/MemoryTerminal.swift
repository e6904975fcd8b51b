import Posix

@testable import TUI

/// A terminal in memory: tests queue the input, paintings are kept.
final class MemoryTerminal: ScreenTerminal {
  let colors = ColorDepth.many
  private(set) var size: Size
  private(set) var screen: CellBuffer?
  private(set) var paintings = 0
  private(set) var suspensions = 0
  private(set) var mouse = true
  private(set) var loans = 0
  private(set) var bells = 0
  private(set) var sent: [String] = []
  private(set) var isOpen = true
  var inputEnded = false
  private var nextSize: Size
  private var queue: [Input] = []
  private let ready: Pipe

  init(_ size: Size) throws {
    self.size = size
    nextSize = size
    ready = try Pipe(nonblocking: true)
  }

  var inputDescriptor: Int32 { ready.readEnd.number }

  func type(_ keys: Key...) throws {
    queue += keys.map(Input.key)
    try DescriptorIO.write([0], to: ready.writeEnd.number)
  }

  /// The size that ``resize()`` will find.
  func setNextSize(_ size: Size) { nextSize = size }

  func nextInput() -> Input? {
    guard queue.isEmpty else { return queue.removeFirst() }
    _ = try? DescriptorIO.read(ready.readEnd.number)
    return nil
  }

  func paint(_ buffer: CellBuffer) {
    screen = buffer
    paintings += 1
  }

  func invalidate() {}
  func resize() { size = nextSize }
  func suspend() { suspensions += 1 }
  func setMouse(_ on: Bool) { mouse = on }

  func release(during body: () -> Void) {
    loans += 1
    body()
  }

  func send(_ sequence: String) { sent.append(sequence) }
  func ringBell() { bells += 1 }
  func close() { isOpen = false }
}

/// The same for lines: printed text is kept.
final class MemoryLines: LineTerminal {
  private(set) var printed = ""
  private(set) var isOpen = true
  let hasKeys: Bool
  var inputEnded = false
  private var queue: [Input] = []
  private let ready: Pipe

  init(hasKeys: Bool = true) throws {
    self.hasKeys = hasKeys
    ready = try Pipe(nonblocking: true)
  }

  func type(_ keys: Key...) throws {
    queue += keys.map(Input.key)
    try DescriptorIO.write([0], to: ready.writeEnd.number)
  }

  var inputDescriptor: Int32 { hasKeys ? ready.readEnd.number : -1 }

  func nextInput() -> Input? {
    guard queue.isEmpty else { return queue.removeFirst() }
    _ = try? DescriptorIO.read(ready.readEnd.number)
    return nil
  }

  func write(_ text: String) { printed += text }
  func send(_ sequence: String) {}
  func ringBell() {}
  func suspend() {}
  func release(during body: () -> Void) { body() }
  func close() { isOpen = false }
}

internal import Posix

/// A terminal without a terminal: input is queued by hand, paintings are kept.
package final class MemoryTerminal: Terminal {
  package private(set) var size: Size
  package private(set) var screen: CellBuffer?
  package private(set) var paintings = 0
  package private(set) var suspensions = 0
  package private(set) var mouse = true
  package private(set) var loans = 0
  package private(set) var bells = 0
  package private(set) var sent: [String] = []
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
}

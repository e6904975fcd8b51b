import Testing
import Workflow

@testable import Engine

@Suite struct RerunsTests {
  private func firing(_ number: Int) -> FiringID { FiringID(ProcessID(number: number), 1) }

  @Test func `tasks that wait for nothing more are ready, in order`() {
    var reruns = Reruns()
    reruns.wait(firing(3), for: [firing(1), firing(2)])
    reruns.wait(firing(2), for: [firing(1)])
    #expect(!reruns.isReady(firing(2)))
    #expect(reruns.release(firing(1)) == [firing(2), firing(3)])
    #expect(reruns.isReady(firing(2)))
    #expect(!reruns.isReady(firing(3)))
    #expect(reruns.release(firing(1)) == [])
    #expect(reruns.release(firing(2)) == [firing(3)])
    #expect(reruns.isReady(firing(3)))
  }

  @Test func `a removed task is no longer waited for and no longer waits`() {
    var reruns = Reruns()
    reruns.wait(firing(3), for: [firing(1)])
    reruns.wait(firing(3), for: [firing(2)])
    reruns.remove(firing(3))
    #expect(reruns.isEmpty)
    #expect(!reruns.isReady(firing(3)))
    #expect(reruns.release(firing(1)) == [])
    #expect(reruns == Reruns())
  }

  @Test func `a task that waits for nothing from the start is ready at once`() {
    var reruns = Reruns()
    reruns.wait(firing(4), for: [])
    #expect(reruns.isReady(firing(4)))
    #expect(!reruns.isReady(firing(5)))
  }
}

import JobProtocol
import Posix

/// What the jobs of one executor process share.
final class Workshop {
  let settings: ExecutorSettings
  let identity: ExecutorIdentity
  /// Where reports and output go.
  let commands: RedisLink
  let controlGroup = ControlGroup.ofThisProcess()
  private var memoryKills: MemoryKills
  private let guardian: Guardian

  init(
    settings: ExecutorSettings, identity: ExecutorIdentity, commands: RedisLink,
    guardian: Guardian
  ) {
    self.guardian = guardian
    self.settings = settings
    self.identity = identity
    self.commands = commands
    memoryKills = MemoryKills(count: controlGroup.killCount)
  }

  /// The value of a job's key that says who starts it: no other process has the same.
  var claimMark: String { "\(identity.name) \(settings.handlerID)" }

  func guardGroup(of child: Child) { guardian.add(child) }
  func releaseGroup(of child: Child) { guardian.remove(child) }

  /// Looks now and then whether the kernel kills for memory, so that an old kill explains nothing.
  func observeMemoryKills() {
    memoryKills.observe(controlGroup.killCount, now: Clock.monotonicMilliseconds)
  }

  /// Whether the kernel's count explains a SIGKILL that has just been seen.
  func explainsKill() -> Bool {
    memoryKills.explain(controlGroup.killCount, now: Clock.monotonicMilliseconds)
  }
}

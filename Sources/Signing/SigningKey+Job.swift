internal import JSONValue
public import JobProtocol

/// Job messages: member `hflow.signature`, `{"expires": <ms>, "mac": <hex>}`.
///
/// The signature covers run, task, attempt, expiry, and the message's JSON text without that
/// member, as our writer writes it. So any change is detected, also of the order of members.
extension SigningKey {
  /// A verified message, and when its signature expires.
  public struct VerifiedJob: Sendable, Equatable {
    /// Parsed from the bytes that were signed.
    public let message: JobMessage
    public let attempt: Int
    public let expires: Int
  }

  /// `expires` is in milliseconds since 1970. The member `taskId` must be one of our job ids;
  /// otherwise the message is returned unsigned and will be rejected.
  public func sign(_ message: JobMessage, expires: Int) -> JobMessage {
    guard let job = message.taskID.flatMap(JobID.init(parsing:)) else { return message }
    let plain = SigningKey.withoutSignature(message).plain
    var extras = plain.members["hflow"]?.object ?? JSONObject()
    // Add an empty object before signing: it would be a difference later.
    var signed = plain
    if plain.members["hflow"]?.object == nil { signed.members["hflow"] = .object(extras) }
    let mac = code(of: SigningKey.parts(signed, of: job, expires: expires))
    extras["signature"] = ["expires": .int(expires), "mac": .string(mac)]
    signed.members["hflow"] = .object(extras)
    return signed
  }

  /// Verifies a message for `job`. Nothing of it may be used before.
  public func verify(
    _ message: JobMessage, job text: String, now: Int
  ) throws(SignatureError) -> VerifiedJob {
    let (plain, signature) = SigningKey.withoutSignature(message)
    guard let signature else { throw .unsigned }
    guard let expires = signature["expires"]?.int, let mac = signature["mac"]?.string else {
      throw .malformed("it needs expires, a whole number, and mac, a text")
    }
    guard let job = JobID(parsing: text) else { throw .malformed("\(text) is not our job id") }
    let parts = SigningKey.parts(plain, of: job, expires: expires)
    try SignatureData(expires: expires, mac: mac).check(with: self, parts, now: now)
    // A valid signature may still cover an inconsistent message.
    guard plain.taskID == text, plain.extras?.attempt ?? job.attempt == job.attempt else {
      throw .malformed("task id or attempt inside and outside differ")
    }
    guard let exact = try? JobMessage(parsing: plain.bytes) else { throw .altered }
    return VerifiedJob(message: exact, attempt: job.attempt, expires: expires)
  }

  private static func withoutSignature(
    _ message: JobMessage
  ) -> (plain: JobMessage, signature: JSON?) {
    guard var extras = message.members["hflow"]?.object else { return (message, nil) }
    let signature = extras["signature"]
    extras["signature"] = nil
    var plain = message
    plain.members["hflow"] = .object(extras)
    return (plain, signature)
  }

  private static func parts(_ plain: JobMessage, of job: JobID, expires: Int) -> [[UInt8]] {
    let texts = ["hflow-job-1", "\(job.task.run)", "\(job.task)", "\(job.attempt)", "\(expires)"]
    return texts.map { Array($0.utf8) } + [plain.bytes]
  }
}

/// The keys of the original engine and executor, unchanged.
///
/// | step | who | commands |
/// |---|---|---|
/// | new workflow id | engine | `INCRBY wfglobal:nextId 1` |
/// | send message | engine | `LPUSH <taskId>_msg <json>` |
/// | acquire | executor | `SADD hf_all_jobs …`, `INCR <taskId>_acqCount`, `SISMEMBER …` |
/// | take message | executor | `BRPOPLPUSH <taskId>_msg <taskId>_msg 0` |
/// | report | executor | `SADD <taskId> <code>`, `SADD tasksPendingCompletionHandling <taskId>` |
/// | collect | engine | `SPOP <taskId>`, `SREM tasksPendingCompletionHandling <taskId>` |
/// | mark done | engine | `SADD completedTasks <taskId>` |
public enum OriginalKeys {
  /// String: the last workflow id.
  public static let nextWorkflowID = "wfglobal:nextId"
  /// Set: `<taskId>#<node>#<collocation type>#<collocation size>` of running jobs.
  public static let allJobs = "hf_all_jobs"

  /// Hash: data of the original about a workflow.
  public static func workflow(_ id: String) -> String { "wf:\(id)" }
  /// Set: tasks whose jobs have ended, until the engine has noticed.
  public static func pendingCompletions(workflow id: String) -> String {
    "wf:\(id):tasksPendingCompletionHandling"
  }
  /// Set: tasks that are done.
  public static func completedTasks(workflow id: String) -> String { "wf:\(id):completedTasks" }

  /// List: the job message; it stays there for restarts.
  public static func message(task: String) -> String { "\(task)_msg" }
  /// String: how often executors have acquired the task.
  public static func acquireCount(task: String) -> String { "\(task)_acqCount" }
  /// Set: exit codes.
  public static func result(task: String) -> String { task }
  /// Stream of newer originals: fields `taskId` and `code`.
  public static func completions(engine hfID: String) -> String { "hf:\(hfID):completions" }

  /// The second field of a task id; the only one that the original executor reads.
  public static func workflowID(ofTask task: String) -> String? {
    let fields = task.split(separator: ":", omittingEmptySubsequences: false)
    return fields.count >= 2 ? String(fields[1]) : nil
  }
}

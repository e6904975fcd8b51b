import JobProtocol
import ShellText

/// The submission of a site's workers: command, batch script, environment.
struct SlurmSubmission {
  let settings: SiteSettings
  let access: WorkerAccess

  /// All submissions of a site have this name, so a later call of `squeue` finds those whose id was
  /// never received.
  var name: String { "hflow-\(access.run)-\(settings.name)" }

  var environmentFile: String { "\(access.filesDirectory)/worker.env" }

  /// The command `sbatch` with its options. `count` workers are one job array.
  func command(count: Int) -> [String] {
    var command = [
      "sbatch", "--parsable", "--job-name=\(name)", "--array=0-\(count - 1)",
      "--chdir=\(access.directory)", "--output=\(access.filesDirectory)/%A_%a.log",
      "--open-mode=append",
    ]
    // Slurm signals a worker before its time limit, so that it takes no more jobs.
    if !hasOption("--signal") { command.append("--signal=B:USR1@60") }
    if let slots = settings.slots, !hasOption("--cpus-per-task", "-c") {
      command.append("--cpus-per-task=\(slots)")
    }
    return command + settings.options
  }

  private func hasOption(_ names: String...) -> Bool {
    settings.options.contains { word in
      names.contains { name in
        word == name || word.hasPrefix(name + "=")
          || (!name.hasPrefix("--") && word.hasPrefix(name) && !word.hasPrefix("--"))
      }
    }
  }

  /// Jobs at a time on each worker: the processors of its allocation.
  var slots: Int { settings.slots ?? Self.processors(in: settings.options) ?? 1 }

  static func processors(in options: [String]) -> Int? {
    for (place, word) in options.enumerated() {
      for name in ["--cpus-per-task=", "-c"] where word.hasPrefix(name) && word != name {
        if let number = Int(word.dropFirst(name.count)) { return number }
      }
      if word == "-c" || word == "--cpus-per-task", place + 1 < options.count {
        return Int(options[place + 1])
      }
    }
    return nil
  }

  /// The name of the worker in a job or an element of a job array.
  static func worker(of id: String, site: String) -> String { "\(site)-\(id)" }

  /// The names that workers of an allocation may have: a worker that Slurm restarts has another
  /// name.
  static func names(of worker: String) -> [String] {
    [worker] + (1...3).map { "\(worker).\($0)" }
  }

  /// The batch script. It has no secrets: Slurm keeps scripts where administrators read them.
  func script(executor: String, idle: Int?) -> String {
    var arguments = ["--worker", "--pool", access.run.text, "--preemptible"]
    if let idle { arguments += ["--idle", "\(idle)"] }
    if let queue = access.queue { arguments += ["--queue", queue] }
    arguments += settings.workerOptions
    let path = ShellScript.path(executor)
    // A job that Slurm restarts keeps its id, so the restart count makes the worker's name unique.
    let slots = "\"${SLURM_CPUS_PER_TASK:-\(slots)}\""
    return """
      #!/bin/sh
      # A worker of run \(access.run), site \(settings.name).
      e=\(path)
      if [ ! -x "$e" ]; then echo "$(uname -n): there is no executable $e" >&2; exit 127; fi
      f=\(ShellWords.quoted(environmentFile))
      if [ ! -r "$f" ]; then
        echo "$(uname -n): $f cannot be read; share the directory under the same path" >&2
        exit 1
      fi
      set -a; . "$f"; set +a
      name=\(settings.name)-${SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID}_${SLURM_ARRAY_TASK_ID:-0}
      [ "${SLURM_RESTART_COUNT:-0}" = 0 ] || name=$name.$SLURM_RESTART_COUNT
      exec "$e" \(ShellScript.command(arguments)) --name "$name" --slots \(slots)

      """
  }

  /// The variables for the worker, in a file that only the user may read.
  func environment(url: String) -> String {
    let variables: [(name: String, value: String?)] = [
      ("HFLOW_REDIS_URL", url), ("HFLOW_SIGNING_KEY", access.signingKey),
    ]
    return variables.compactMap { name, value in
      value.map { "\(name)=\(ShellWords.quoted($0))\n" }
    }.joined()
  }

  /// The engine's environment for `sbatch`, which passes it on to the workers: without secrets, and
  /// without variables of an allocation in which the engine itself runs.
  static func environment(_ all: [String: String]) -> [String: String] {
    let secrets = ["HFLOW_REDIS_URL", "HFLOW_SIGNING_KEY", "REDIS_URL"]
    let kept = ["SLURM_CONF", "SLURM_CLUSTERS", "SLURM_TIME_FORMAT"]
    return all.filter { name, _ in
      !secrets.contains(name)
        && (kept.contains(name) || !(name.hasPrefix("SLURM_") || name.hasPrefix("SLURMD_")))
    }
  }

  /// The id that `sbatch --parsable` printed: `4711`, or `4711;cluster`.
  static func id(in output: String) -> String? {
    let line = output.split(whereSeparator: \.isNewline).last.map(String.init) ?? ""
    let id = line.prefix { $0 != ";" }.filter { $0 != " " }
    return !id.isEmpty && id.allSatisfy(\.isNumber) ? id : nil
  }
}

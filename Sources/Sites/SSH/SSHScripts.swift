import JobProtocol
import ShellText

/// The scripts that run on a host, on the standard input of `sh -s`. So nothing of them is on a
/// command line. Lines of output that count begin with a mark, so the output of shell start-up
/// files does no harm.
enum SSHScripts {
  static let mark = "hflow:"
  /// A shell function that prints a marked line.
  static let say = "say() { printf '%s%s\\n' '\(mark)' \"$*\"; }"
  /// A command that every login shell can run.
  static let shell = "exec /bin/sh -s"

  /// Whether a process is a worker: after a restart of the host, another process can have its id.
  private static let isWorker =
    "is_worker() { tr '\\000' ' ' 2>/dev/null < \"/proc/$1/cmdline\" | grep -q -- ' --worker '; }"

  /// Inspects the host: executor, clock, directory. Makes a directory for the socket and logs.
  ///
  /// - Parameters:
  ///   - candidates: Paths where the executor may be; then `PATH` is searched unless `isGiven`.
  ///   - work: A directory to make, for hosts that do not share the run's: files are copied there.
  ///   - probe: A file in the run's directory; its content shows that the directory is shared.
  static func probe(
    directory: String, probe: String, candidates: [String], isGiven: Bool, reusing former: String?,
    work: String? = nil
  ) -> String {
    let given = candidates.map(ShellScript.path).joined(separator: " ")
    let search =
      isGiven ? "" : " \"$(command -v hflow-job-execute)\" /usr/local/bin/hflow-job-execute"
    return """
      \(say)
      say time "$(date +%s%3N 2>/dev/null)"
      say host "$(uname -n)"
      if [ -d \(ShellWords.quoted(directory)) ]; then say directory yes; else say directory no; fi
      say probe "$(cat \(ShellWords.quoted(probe)) 2>/dev/null)"
      for e in \(given)\(search); do
        [ -x "$e" ] || continue
        say executor "$e"
        v=$("$e" --version 2>&1); say code $?; say version "$(printf '%s' "$v" | tail -n 1)"
        break
      done
      umask 077
      \(isWorker)
      d=\(ShellWords.quoted(former ?? ""))
      # In /tmp, others could make a removed directory again, or a link in its place.
      if [ ! -d "$d" ] || [ -L "$d" ] || [ ! -O "$d" ]; then
        d=$(mktemp -d /tmp/hflow-ssh-XXXXXXXXXX)
      fi
      say place "$d"
      \(work.map(makeWork) ?? ":")
      if [ -s "$d/pid" ] && is_worker "$(cat "$d/pid")"; then say worker "$(cat "$d/pid")"; fi
      say end

      """
  }

  private static func makeWork(_ path: String) -> String {
    """
    # Hosts may share the home directory.
      w=\(ShellScript.path(path))-$(uname -n); mkdir -p "$w" && say work "$w"
      say rsync "$(command -v rsync)"
    """
  }

  /// Points the worker's socket to a new forwarded one, and removes the former ones.
  static func link(place: String, socket: String) -> String {
    let place = ShellWords.quoted(place)
    return """
      cd \(place) || exit 1
      ln -s \(socket) new && mv -f new redis.sock || exit 1
      for s in r[0-9]*.sock; do [ "$s" = \(socket) ] || rm -f "$s"; done
      printf '%sdone\\n' '\(mark)'

      """
  }

  /// Starts a worker that outlives the connection, and prints its process id.
  static func start(
    place: String, directory: String, executor: String, arguments: [String],
    url: String, signingKey: String?
  ) -> String {
    let secrets = ShellScript.assignments([
      ("HFLOW_REDIS_URL", url), ("HFLOW_SIGNING_KEY", signingKey),
    ])
    let place = ShellWords.quoted(place)
    return """
      umask 022
      \(isWorker)
      p=\(place)
      cd \(ShellWords.quoted(directory)) || exit 1
      rm -f "$p/exit" "$p/pid"; rm -rf "$p/stage"; mkdir -m 700 "$p/stage"
      (
        \(secrets) \(ShellScript.path(executor)) \(ShellScript.command(arguments)) &
        echo $! > "$p/pid.new"; mv "$p/pid.new" "$p/pid"
        wait $!
        echo $? > "$p/exit"
      ) < /dev/null >> "$p/log" 2>&1 &
      n=0
      while [ $n -lt 100 ] && [ ! -s "$p/exit" ]; do
        [ -s "$p/pid" ] && is_worker "$(cat "$p/pid")" && break
        sleep 0.05; n=$((n + 1))
      done
      printf '%sworker %s\\n' '\(mark)' "$(cat "$p/pid")"

      """
  }

  /// Runs a worker that exits at once, to check that it reaches Redis.
  static func trial(executor: String, pool: String, url: String) -> String {
    let arguments = ["--worker", "--pool", pool, "--idle", "0", "--slots", "1"]
    return """
      v=$(\(ShellScript.assignments([("HFLOW_REDIS_URL", url)])) \(ShellScript.path(executor)) \
        \(ShellScript.command(arguments)) 2>&1 < /dev/null)
      printf '%strial %s\\n' '\(mark)' $?
      printf '%ssaid %s\\n' '\(mark)' "$(printf '%s' "$v" | tail -n 1)"

      """
  }

  /// Waits until the worker has ended; prints its exit code and the last line of its log.
  ///
  /// - Parameter isStaged: Whether to also print the worker's requests to copy files, including
  ///   those that an earlier watch has printed.
  static func watch(place: String, pid: Int, isStaged: Bool = false) -> String {
    let requests = """
      # The watch of a former engine may still run: it leaves before it takes another request.
      echo $$ > "$p/watcher"; sleep 0.3
      for f in "$p"/stage/*.asked; do [ -e "$f" ] && mv "$f" "${f%ed}"; done
      while is_worker \(pid); do
        for n in 1 2 3 4 5; do
          [ "$(cat "$p/watcher")" = $$ ] || exit 0
          for f in "$p"/stage/*.ask; do
            [ -e "$f" ] || continue
            [ "$(cat "$p/watcher")" = $$ ] || exit 0
            mv "$f" "${f}ed" && printf '%sstage %s\\n' '\(mark)' "$(cat "${f}ed")"
          done
          sleep 0.1
        done
      done
      """
    let wait = isStaged ? requests : "while is_worker \(pid); do sleep 0.5; done"
    return """
      \(isWorker)
      p=\(ShellWords.quoted(place))
      \(wait)
      sleep 0.1
      printf '%sexit %s\\n' '\(mark)' "$(cat "$p/exit" 2>/dev/null)"
      printf '%ssaid %s\\n' '\(mark)' "$(tail -n 1 "$p/log" 2>/dev/null)"

      """
  }

  private static func ending(_ pid: Int) -> String {
    """
    \(isWorker)
      is_worker \(pid) && kill -TERM \(pid)
      n=0
      while is_worker \(pid) && [ $n -lt 50 ]; do sleep 0.1; n=$((n + 1)); done
      is_worker \(pid) && kill -KILL \(pid)
    """
  }

  /// Ends the worker only.
  static func end(pid: Int) -> String {
    """
    \(ending(pid))
    printf '%sdone\\n' '\(mark)'

    """
  }

  /// Ends the worker, which has some seconds to exit, and removes its directory.
  ///
  /// - Parameter work: The directory of copied files; `nil` if the host shares the run's directory.
  static func stop(place: String, pid: Int?, work: String? = nil) -> String {
    return """
      \(pid.map(ending) ?? ":")
      rm -rf \(ShellScript.command([place, work].compactMap(\.self)))
      printf '%sdone\\n' '\(mark)'

      """
  }

  /// The marked lines of an output: the first word, and the rest.
  static func answers(in output: String) -> [String: String] {
    var answers: [String: String] = [:]
    for line in output.split(whereSeparator: \.isNewline) {
      guard let start = line.firstRange(of: mark) else { continue }
      let words = line[start.upperBound...].split(separator: " ", maxSplits: 1)
      guard let key = words.first else { continue }
      answers[String(key)] = words.count == 2 ? String(words[1]) : ""
    }
    return answers
  }
}

/// Messages of `ssh` when it cannot connect, and what to do.
///
/// | the message says | what to do |
/// |---|---|
/// | no host key is known | connect once by hand, and accept the key |
/// | the host key has changed | ask who runs the host |
/// | permission denied | load a key |
/// | no such name | check the name |
/// | refused, timed out, no route | check host and network |
enum SSHErrorText {
  /// One line without the host's name.
  static func text(_ errors: String, late: Bool = false) -> String {
    let lines = errors.split(whereSeparator: \.isNewline).map(String.init)
    if errors.contains("REMOTE HOST IDENTIFICATION HAS CHANGED") {
      return "its host key has changed; ask who runs the host, then: ssh-keygen -R HOST"
    }
    if errors.contains("host key is known") || errors.contains("Host key verification failed") {
      return "its host key is not known; connect once by hand to accept it: ssh HOST"
    }
    if let line = lines.last(where: { $0.contains("Permission denied") }) {
      return "\(tail(line)); load a key into the agent (ssh-add), or name one in ~/.ssh/config: "
        + "nothing asks for a password here"
    }
    if errors.contains("Could not resolve hostname") {
      return "there is no such host; check the name, or add it to ~/.ssh/config"
    }
    if late { return "no answer; check that the host is up, and try: ssh HOST true" }
    let known = ["Connection refused", "timed out", "No route to host", "Network is unreachable"]
    for phrase in known where errors.contains(phrase) {
      return "cannot be reached (\(phrase.lowercased())); check that the host is up and try: "
        + "ssh HOST true"
    }
    let last = lines.last { $0.contains(where: \.isLetter) } ?? "ssh ended without a reason"
    return "\(tail(last)); try: ssh HOST true"
  }

  /// The text with the host's name in it.
  static func text(_ errors: String, host: String, late: Bool = false) -> String {
    "\(host): " + text(errors, late: late).replacing("HOST", with: host)
  }

  /// The line without the leading name of the program or host.
  private static func tail(_ line: String) -> String {
    let parts = line.split(separator: ": ", maxSplits: 1)
    return parts.count == 2 && !parts[0].contains(" ") ? String(parts[1]) : line
  }
}

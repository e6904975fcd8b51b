import JSONValue

/// The data with which the next engine finds a worker on a host; a file in the run's directory.
struct HostRecord: Equatable, Sendable {
  /// The host's private directory for the worker.
  var place: String
  var pid: Int
  /// The host's own name for itself, which is part of the worker's name.
  var host: String
  /// How many sockets were forwarded there: each has a new name, because stale ones remain.
  var sockets: Int
  /// The path of the control socket here.
  var control: String

  /// Names that the worker may have registered under.
  var workers: [String] { ["\(host)-\(pid)", "\(host)-\(pid)-\(pid)"] }

  var json: JSON {
    [
      "place": .string(place), "pid": .int(pid), "host": .string(host), "sockets": .int(sockets),
      "control": .string(control),
    ]
  }

  init(place: String, pid: Int, host: String, sockets: Int, control: String) {
    self.place = place
    self.pid = pid
    self.host = host
    self.sockets = sockets
    self.control = control
  }

  init?(_ bytes: [UInt8]) {
    guard let json = try? JSON(parsing: bytes), let place = json["place"]?.string,
      let pid = json["pid"]?.int, let host = json["host"]?.string
    else { return nil }
    self.init(
      place: place, pid: pid, host: host, sockets: json["sockets"]?.int ?? 0,
      control: json["control"]?.string ?? "")
  }
}

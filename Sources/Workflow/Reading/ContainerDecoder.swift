import JSONValue

/// The image of a command and the directories that its container shows.
enum ContainerDecoder {
  /// Adds a finding for each value that cannot be used.
  static func check(_ config: JSONObject, _ place: JSONPath, _ findings: inout Findings) {
    let outer = MemberReader(object: config, place: place.inside(".config"))
    check("container", outer, &findings)
    guard let executor = config["executor"]?.object else { return }
    let keys = MemberReader(object: executor, place: place.inside(".config.executor"))
    check("image", keys, &findings)
    check("container", keys, &findings)
    for (position, element) in (keys.array("mounts", &findings) ?? []).enumerated() {
      guard element.string?.hasPrefix("/") != true else { continue }
      findings.error(
        keys.place.element("mounts", position),
        "expected the absolute path of a directory, found \(element.described)")
    }
  }

  private static func check(_ key: String, _ keys: MemberReader, _ findings: inout Findings) {
    guard let text = keys.text(key, &findings) else { return }
    if text.isEmpty || text.hasPrefix("-") || text.utf8.contains(where: { $0 <= 0x20 }) {
      findings.error(
        keys.place.key(key), "expected the name or path of an image, found \(text.quotedForMessage)"
      )
    }
  }
}

extension Workflow.Process {
  /// The image in which the command runs; `nil` for none.
  ///
  /// - Parameter variable: `HF_VAR_WORKER_CONTAINER`, which comes before `config.container` but
  ///   after what `config.executor` says.
  public func image(variable: String?) -> String? {
    let texts = [
      executor?["image"]?.string, executor?["container"]?.string, variable,
      config["container"]?.string,
    ]
    return texts.lazy.compactMap(\.self).first { !$0.isEmpty }
  }
}

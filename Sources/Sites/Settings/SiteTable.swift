/// The sites that have a name: those of the sites file, and one for each infrastructure.
public struct SiteTable: Sendable, Equatable {
  /// The sites of the file, by name.
  public private(set) var sites: [String: SiteSettings] = [:]

  public init() {
    for kind in Infrastructure.allCases {
      sites[kind.rawValue] = SiteSettings(name: kind.rawValue, infrastructure: kind)
    }
  }

  /// Adds the sections of a sites file. Returns the mistakes, one line each.
  public mutating func add(
    _ sections: [(name: String, values: [(key: String, value: SiteValue)])]
  ) -> [SiteMistake] {
    var mistakes: [SiteMistake] = []
    for (name, values) in sections {
      do throws(SiteMistake) {
        var site = try Self.site(name, values)
        for (key, value) in values where key != "infrastructure" {
          do throws(SiteMistake) {
            try site.set(key, to: value)
          } catch {
            mistakes.append(SiteMistake("[\(name)]: \(error)"))
          }
        }
        sites[name] = site
      } catch {
        mistakes.append(SiteMistake("[\(name)]: \(error)"))
      }
    }
    return mistakes
  }

  private static func site(
    _ name: String, _ values: [(key: String, value: SiteValue)]
  ) throws(SiteMistake) -> SiteSettings {
    guard isName(name) else {
      throw SiteMistake("a site's name has letters, digits, - and _ only")
    }
    let all = Infrastructure.allCases.map(\.rawValue).joined(separator: ", ")
    switch values.first(where: { $0.key == "infrastructure" })?.value {
    case .text(let text):
      guard let kind = Infrastructure(rawValue: text) else {
        throw SiteMistake("unknown infrastructure \(text); there are: \(all)")
      }
      return SiteSettings(name: name, infrastructure: kind)
    case nil:
      guard let kind = Infrastructure(rawValue: name) else {
        throw SiteMistake("infrastructure is missing; write infrastructure = \"slurm\" (\(all))")
      }
      return SiteSettings(name: name, infrastructure: kind)
    default: throw SiteMistake("infrastructure must be one of \(all), in quotes")
    }
  }

  static func isName(_ text: String) -> Bool {
    !text.isEmpty && text.count <= 40
      && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) }
  }

  /// The site that `--on NAME[:OPTIONS]` means.
  public func site(_ text: String) throws(SiteMistake) -> SiteSettings {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts[0])
    guard var site = sites[name] else {
      let known = sites.keys.sorted().joined(separator: ", ")
      throw SiteMistake(
        "--on \(text): unknown site \(name); there are: \(known)"
          + "; others go into hflow-sites.toml (hflow-tui sites --example)")
    }
    do throws(SiteMistake) {
      if parts.count == 2 { try site.setOptions(String(parts[1])) }
      try site.check()
    } catch {
      throw SiteMistake("--on \(text): \(error)")
    }
    return site
  }
}

extension SiteSettings {
  /// Applies the options in `--on NAME:OPTIONS`.
  fileprivate mutating func setOptions(_ text: String) throws(SiteMistake) {
    switch infrastructure {
    case .local:
      guard let number = Int(text), Self.slotRange.contains(number) else {
        throw SiteMistake("after local: comes the number of slots, as in local:4")
      }
      slots = number
    case .ssh: hosts = try HostEntry.list(text)
    case .slurm: workers = try WorkerRange(text)
    case .kubernetes where mode == .workers: workers = try WorkerRange(text)
    case .kubernetes:
      guard let number = Int(text), Self.slotRange.contains(number) else {
        throw SiteMistake(
          "after kubernetes: comes the largest number of Jobs at a time, as in kubernetes:100")
      }
      slots = number
    }
  }

  fileprivate func check() throws(SiteMistake) {
    if infrastructure == .ssh, hosts.isEmpty {
      throw SiteMistake("no host is named; write \(name):h1,h2*8")
    }
  }
}

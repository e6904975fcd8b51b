import JSONValue
import ShellText
import XML

/// A DAX, the XML that Pegasus wrote before its version 5, as the document of Pegasus 5 that means
/// the same.
///
/// | in the DAX | in the document |
/// |---|---|
/// | `job`; `dax` and `dag`, which are workflows in other files | an element of `jobs` |
/// | `argument` with `file` or `filename` in its text | `arguments`: one text |
/// | `uses` with `name` or `file`, `link`, `size` | `uses` with `lfn`, `type`, `size` |
/// | `profile`; `runtime`, `cores` and `numcores` of a `job` | `profiles` |
/// | `child` with `parent` | `jobDependencies`, with `parents` |
/// | `executable` with `pfn` | `transformationCatalog` |
/// | `file` with `pfn` | `replicaCatalog` |
enum DAXDocument {
  /// `nil` if the element is not that of a DAX.
  static func json(_ root: XMLElement) -> JSON? {
    guard root.name == "adag" else { return nil }
    let parts = Dictionary(grouping: root.elements, by: \.name)
    var document = JSONObject()
    document["name"] = root["name"].map(JSON.string)
    document["jobs"] = .array(
      root.elements.filter { ["job", "dax", "dag"].contains($0.name) }.map(job))
    document["jobDependencies"] = .array(parts["child", default: []].map(child))
    document["transformationCatalog"] = [
      "transformations": .array(parts["executable", default: []].map(executable))
    ]
    document["replicaCatalog"] = [
      "replicas": .array(
        parts["file", default: []].map { file in
          ["lfn": text(file["name"]), "pfns": places(file)]
        })
    ]
    return .object(document)
  }

  private static func text(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }

  private static func places(_ element: XMLElement) -> JSON {
    .array(element.elements.filter { $0.name == "pfn" }.map { ["pfn": text($0["url"])] })
  }

  private static func executable(_ element: XMLElement) -> JSON {
    [
      "namespace": text(element["namespace"]), "name": text(element["name"]),
      "version": text(element["version"]), "sites": places(element),
      "profiles": profiles(element),
    ]
  }

  private static func child(_ element: XMLElement) -> JSON {
    let parents = element.elements.filter { $0.name == "parent" }
    return ["id": text(element["ref"]), "parents": .array(parents.map { text($0["ref"]) })]
  }

  private static func job(_ element: XMLElement) -> JSON {
    var job = JSONObject()
    for key in ["id", "name", "namespace", "version", "file"] {
      job[key] = element[key].map(JSON.string)
    }
    job["type"] = .string(element.name)
    var uses: [JSON] = []
    for part in element.elements {
      switch part.name {
      case "argument": job["arguments"] = [.string(arguments(part))]
      case "stdin", "stdout", "stderr": job[part.name] = file(part).map(JSON.string)
      case "uses" where part["executable"] != "true" && part["link"] != "none":
        uses.append([
          "lfn": text(file(part)), "type": text(part["link"]), "size": text(part["size"]),
        ])
      default: break
      }
    }
    job["uses"] = .array(uses)
    job["profiles"] = profiles(element)
    return .object(job)
  }

  /// `name` since DAX 3.
  private static func file(_ element: XMLElement) -> String? { element["name"] ?? element["file"] }

  /// One text, to be split into words.
  private static func arguments(_ element: XMLElement) -> String {
    element.parts.map { part in
      switch part {
      case .text(let text): text
      case .element(let element): file(element).map(ShellWords.quoted) ?? ""
      }
    }.joined()
  }

  private static func profiles(_ element: XMLElement) -> JSON {
    var profiles = JSONObject()
    func set(_ namespace: String, _ key: String, _ value: String) {
      var keys = profiles[namespace]?.object ?? JSONObject()
      keys[key] = .string(value)
      profiles[namespace] = .object(keys)
    }
    // Written by generators of workflows for simulators.
    for (attribute, key) in [("runtime", "runtime"), ("numcores", "cores"), ("cores", "cores")] {
      if let value = element[attribute] { set("pegasus", key, value) }
    }
    for profile in element.elements where profile.name == "profile" {
      guard let namespace = profile["namespace"], let key = profile["key"] else { continue }
      set(namespace.lowercased(), key, profile.text)
    }
    return .object(profiles)
  }
}

import CExpat

/// Reads a document of XML that may come from anybody.
///
/// | refused | because |
/// |---|---|
/// | a DTD (`<!DOCTYPE …>`) | entities that repeat each other fill any memory, others read files |
/// | more than 100 levels | a tree is released by recursion |
/// | more than 512 MB | the tree needs a multiple of it |
public enum XMLDocument {
  public struct Mistake: Error, Equatable {
    /// Counts from 1; `nil` for the whole document.
    public let line: Int?
    public let text: String
  }

  static let maximumDepth = 100
  private static let maximumSize = 512 << 20

  /// - Returns: the outermost element.
  public static func read(_ bytes: [UInt8]) throws(Mistake) -> XMLElement {
    guard bytes.count <= maximumSize else {
      throw Mistake(line: nil, text: "more than 512 MB of XML")
    }
    guard let parser = XML_ParserCreate(nil) else {
      throw Mistake(line: nil, text: "out of memory")
    }
    defer { XML_ParserFree(parser) }
    let builder = XMLTreeBuilder(parser)
    try withExtendedLifetime(builder) { () throws(Mistake) in
      builder.attach()
      try parse(bytes, with: parser, builder)
    }
    guard let root = builder.root else { throw Mistake(line: nil, text: "no element") }
    return root
  }

  private static func parse(
    _ bytes: [UInt8], with parser: XML_Parser, _ builder: XMLTreeBuilder
  ) throws(Mistake) {
    // The length of one part is an Int32.
    let size = 1 << 20
    var start = 0
    repeat {
      let end = min(start + size, bytes.count)
      let isLast = end == bytes.count
      let status = bytes[start..<end].withUnsafeBytes { part in
        XML_Parse(
          parser, part.bindMemory(to: CChar.self).baseAddress, Int32(part.count), isLast ? 1 : 0)
      }
      if let mistake = builder.mistake { throw mistake }
      guard status == XML_STATUS_OK else {
        let text = XML_ErrorString(XML_GetErrorCode(parser)).map { String(cString: $0) }
        throw Mistake(line: Int(XML_GetCurrentLineNumber(parser)), text: text ?? "not XML")
      }
      start = end
    } while start < bytes.count
  }
}

/// Makes the tree from what the parser finds.
private final class XMLTreeBuilder {
  private let parser: XML_Parser
  private var open: [XMLElement] = []
  /// The parser gives a text in several parts.
  private var text: [UInt8] = []
  private(set) var root: XMLElement?
  private(set) var mistake: XMLDocument.Mistake?

  init(_ parser: XML_Parser) { self.parser = parser }

  /// The builder must outlive the parsing.
  func attach() {
    XML_SetUserData(parser, Unmanaged.passUnretained(self).toOpaque())
    XML_SetElementHandler(
      parser,
      { data, name, attributes in
        XMLTreeBuilder.of(data)?.begin(name, attributes)
      },
      { data, _ in XMLTreeBuilder.of(data)?.end() })
    XML_SetCharacterDataHandler(parser) { data, text, count in
      XMLTreeBuilder.of(data)?.add(text, Int(count))
    }
    XML_SetStartDoctypeDeclHandler(parser) { data, _, _, _, _ in
      XMLTreeBuilder.of(data)?.stop("a DTD (<!DOCTYPE) is not read; remove it")
    }
  }

  private static func of(_ data: UnsafeMutableRawPointer?) -> XMLTreeBuilder? {
    data.map { Unmanaged<XMLTreeBuilder>.fromOpaque($0).takeUnretainedValue() }
  }

  /// - Parameter pairs: names and values by turns, until `nil`.
  private func begin(
    _ name: UnsafePointer<CChar>?, _ pairs: UnsafeMutablePointer<UnsafePointer<CChar>?>?
  ) {
    guard mistake == nil, let name else { return }
    guard open.count < XMLDocument.maximumDepth else {
      return stop("more than \(XMLDocument.maximumDepth) levels")
    }
    closeText()
    var attributes: [(name: String, value: String)] = []
    var next = 0
    while let pairs, let name = pairs[next], let value = pairs[next + 1] {
      attributes.append((String(cString: name), String(cString: value)))
      next += 2
    }
    let whole = String(cString: name)
    let local = whole.split(separator: ":").last.map(String.init) ?? whole
    open.append(XMLElement(name: local, attributes: attributes))
  }

  private func end() {
    guard mistake == nil else { return }
    closeText()
    guard let element = open.popLast() else { return }
    if open.isEmpty {
      root = element
    } else {
      open[open.count - 1].parts.append(.element(element))
    }
  }

  private func add(_ bytes: UnsafePointer<CChar>?, _ count: Int) {
    guard mistake == nil, !open.isEmpty else { return }
    UnsafeBufferPointer(start: bytes, count: count).withMemoryRebound(to: UInt8.self) {
      text += $0
    }
  }

  private func closeText() {
    guard !text.isEmpty, !open.isEmpty else { return }
    open[open.count - 1].parts.append(.text(String(decoding: text, as: UTF8.self)))
    text.removeAll(keepingCapacity: true)
  }

  private func stop(_ text: String) {
    mistake = XMLDocument.Mistake(
      line: Int(XML_GetCurrentLineNumber(parser)), text: text)
    XML_StopParser(parser, 0)
  }
}

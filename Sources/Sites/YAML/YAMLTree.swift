import CYaml

/// The nodes of the YAML document that libyaml has read, valid while `read` runs.
struct YAMLTree {
  enum Node {
    case scalar(String, isPlain: Bool)
    case sequence([Int32])
    case mapping([Pair])
  }

  struct Pair {
    let key: Int32
    let value: Int32
  }

  private let document: UnsafeMutablePointer<yaml_document_t>
  /// The number of nodes.
  let count: Int

  /// Reads the only document of a text. An empty text has a tree without a root.
  static func read<Value>(
    _ text: String, _ use: (YAMLTree) throws(YAMLReader.Mistake) -> Value
  ) throws(YAMLReader.Mistake) -> Value {
    // One byte more, so that an empty text has a valid address, too.
    let bytes = Array(text.utf8) + [0]
    return try bytes.withUnsafeBufferPointer { bytes throws(YAMLReader.Mistake) -> Value in
      try withParser(of: bytes, checkLevels)
      return try withParser(of: bytes) { parser throws(YAMLReader.Mistake) -> Value in
        let first = try document(parser)
        defer { free(first) }
        if yaml_document_get_root_node(first) != nil {
          let next = try document(parser)
          defer { free(next) }
          if let node = yaml_document_get_root_node(next) {
            throw YAMLReader.Mistake(
              line: Int(node.pointee.start_mark.line) + 1, text: "a second document")
          }
        }
        return try use(YAMLTree(first))
      }
    }
  }

  private typealias Parser = UnsafeMutablePointer<yaml_parser_t>

  /// - Parameter bytes: the text, and one more byte.
  private static func withParser<Value>(
    of bytes: UnsafeBufferPointer<UInt8>, _ use: (Parser) throws(YAMLReader.Mistake) -> Value
  ) throws(YAMLReader.Mistake) -> Value {
    // libyaml keeps the address of the parser in the parser.
    let parser = Parser.allocate(capacity: 1)
    defer { parser.deallocate() }
    guard yaml_parser_initialize(parser) == 1 else {
      throw YAMLReader.Mistake(text: "out of memory")
    }
    defer { yaml_parser_delete(parser) }
    yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count - 1)
    return try use(parser)
  }

  /// Refuses too many levels before the document is read: the time of libyaml grows with the square
  /// of their number, so 100 kB of brackets would take half a minute.
  private static func checkLevels(_ parser: Parser) throws(YAMLReader.Mistake) {
    var levels = 0
    var event = yaml_event_t()
    // Other errors are reported when the document is read.
    while yaml_parser_parse(parser, &event) == 1 {
      defer { yaml_event_delete(&event) }
      switch event.type {
      case YAML_SEQUENCE_START_EVENT, YAML_MAPPING_START_EVENT: levels += 1
      case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: levels -= 1
      case YAML_STREAM_END_EVENT, YAML_NO_EVENT: return
      default: break
      }
      guard levels <= YAMLReader.maximumDepth else {
        throw YAMLReader.Mistake(
          line: Int(event.start_mark.line) + 1, text: "more than \(YAMLReader.maximumDepth) levels")
      }
    }
  }

  private init(_ document: UnsafeMutablePointer<yaml_document_t>) {
    self.document = document
    let nodes = document.pointee.nodes
    count = nodes.start.map { nodes.top - $0 } ?? 0
  }

  /// The nodes count from 1.
  var root: Int32? { count > 0 ? 1 : nil }

  func node(_ index: Int32) -> Node {
    guard let node = yaml_document_get_node(document, index) else {
      return .scalar("", isPlain: true)
    }
    let data = node.pointee.data
    switch node.pointee.type {
    case YAML_SEQUENCE_NODE:
      let items = data.sequence.items
      return .sequence(
        Array(UnsafeBufferPointer(start: items.start, count: items.top - items.start)))
    case YAML_MAPPING_NODE:
      let pairs = data.mapping.pairs
      return .mapping(
        UnsafeBufferPointer(start: pairs.start, count: pairs.top - pairs.start)
          .map { Pair(key: $0.key, value: $0.value) })
    default:
      let bytes = UnsafeBufferPointer(start: data.scalar.value, count: data.scalar.length)
      return .scalar(
        String(decoding: bytes, as: UTF8.self),
        isPlain: data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
    }
  }

  /// Counts from 1.
  func line(of index: Int32) -> Int? {
    yaml_document_get_node(document, index).map { Int($0.pointee.start_mark.line) + 1 }
  }

  private static func document(
    _ parser: UnsafeMutablePointer<yaml_parser_t>
  ) throws(YAMLReader.Mistake) -> UnsafeMutablePointer<yaml_document_t> {
    let document = UnsafeMutablePointer<yaml_document_t>.allocate(capacity: 1)
    guard yaml_parser_load(parser, document) == 1 else {
      document.deallocate()
      throw mistake(of: parser.pointee)
    }
    return document
  }

  private static func free(_ document: UnsafeMutablePointer<yaml_document_t>) {
    yaml_document_delete(document)
    document.deallocate()
  }

  private static func mistake(of parser: yaml_parser_t) -> YAMLReader.Mistake {
    let text = parser.problem.map { String(cString: $0) } ?? "not YAML"
    let hasPlace =
      [YAML_SCANNER_ERROR, YAML_PARSER_ERROR, YAML_COMPOSER_ERROR].contains(parser.error)
    return YAMLReader.Mistake(line: hasPlace ? Int(parser.problem_mark.line) + 1 : nil, text: text)
  }
}

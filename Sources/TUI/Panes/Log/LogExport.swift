internal import Engine
internal import HumanText
internal import Workflow

/// The log as plain text, for the clipboard, files, pagers and editors.
enum LogExport {
  /// All shown lines, also those outside the view. Lines of a merged log begin with the task.
  static func text(_ model: Model) -> String {
    let viewport = model.log.viewport
    var bytes: [UInt8] = []
    for index in 0..<viewport.count {
      guard let row = viewport.book.store[viewport.line(at: index)] else { continue }
      append(row, model, to: &bytes)
    }
    for under in viewport.unfinished {
      bytes += StyleTable.plain(under.line.bytes) + [0x0A]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func append(_ row: LogStore.Row, _ model: Model, to bytes: inout [UInt8]) {
    if model.log.target.isMerged, let source = model.log.viewport.book.sources[guarding: row.source]
    {
      bytes += Array("\(LogRows.name(model, source)): ".utf8)
    }
    switch row.kind {
    case .output, .error:
      bytes += row.traits.contains(.isStyled) ? StyleTable.plain(row.bytes) : row.bytes
    case .dropped, .missing, .remark: bytes += Array("[\(LogRows.remark(row))]".utf8)
    case .ended: bytes += Array("[ended]".utf8)
    }
    bytes.append(0x0A)
  }

  /// The visible lines, complete.
  static func screen(_ model: Model) -> String {
    let viewport = model.log.viewport
    let positions = viewport.shown(model.logViewSize())
    let indices = positions.map(\.index).reduce(into: [Int]()) { all, index in
      if all.last != index { all.append(index) }
    }
    let texts = indices.compactMap { index -> String? in
      let bytes: [UInt8]?
      if index < viewport.count {
        let row = viewport.book.store[viewport.line(at: index)]
        bytes = row?.kind == .output || row?.kind == .error ? row?.bytes : nil
      } else {
        bytes = viewport.unfinished[guarding: index - viewport.count]?.line.bytes
      }
      return bytes.map { String(decoding: StyleTable.plain($0), as: UTF8.self) }
    }
    return texts.map { $0 + "\n" }.joined()
  }

  static func programText(_ model: Model, _ program: ProgramText.Program) -> ProgramText {
    ProgramText(program: program, name: fileName(model), text: text(model))
  }

  /// `mAdd_1.log`: the safe characters of the task's name.
  static func fileName(_ model: Model) -> String {
    let name: String
    switch model.log.target {
    case .nothing: name = "log"
    case .attempt(let attempt), .sideBySide(_, let attempt):
      let number = attempt.number > 1 ? ".\(attempt.number)" : ""
      name = model.run.label(attempt.firing) + number
    case .stage(let index): name = model.run.graph.stages[index].name
    case .run: name = model.run.workflow.name
    }
    let safe = name.map { character in
      character.isASCII && (character.isLetter || character.isNumber || "-.".contains(character))
        ? character : "_"
    }
    let trimmed = String(safe.prefix(80)).drop { $0 == "." || $0 == "-" }
    return "\(trimmed.isEmpty ? "log" : String(trimmed)).log"
  }
}
